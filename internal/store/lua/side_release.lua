#!lua
-- Lets a brake go. A second call with the same arguments changes nothing.
-- KEYS[1]  brakes  hash: on:<scope> -> why, off:<scope> -> unix ms of the last release
-- ARGV[1]  scope
-- ARGV[2]  program time, unix ms
-- Returns 1.
redis.call('HDEL', KEYS[1], 'on:' .. ARGV[1])
redis.call('HSET', KEYS[1], 'off:' .. ARGV[1], ARGV[2])
return 1
