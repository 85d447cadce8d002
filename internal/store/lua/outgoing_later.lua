#!lua
-- Puts a line back whose news could not be told.
-- KEYS[1]  queue  zset: contact id -> real ms of the next try
-- KEYS[2]  state  hash: contact id -> how its tries went
-- KEYS[3]  lease  hash: contact id -> token
-- ARGV[1]  id
-- ARGV[2]  token that must hold the lease
-- ARGV[3]  real ms of the next try
-- ARGV[4]  state: "w", or "f" when it was given up, and JSON
-- Returns 1 done, 0 the lease is somebody else's.
local id = ARGV[1]
if redis.call('HGET', KEYS[3], id) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[3], id)
redis.call('HSET', KEYS[2], id, ARGV[4])
redis.call('ZADD', KEYS[1], 'XX', ARGV[3], id)
return 1
