#!lua
-- Takes all news of a line away untold.
-- KEYS[1]  queue  zset: contact id -> real ms of the next try
-- KEYS[2]  state  hash: contact id -> how its tries went
-- KEYS[3]  lease  hash: contact id -> token
-- KEYS[4]  news   list: what is to be told of the contact
-- ARGV[1]  id
-- Returns 1, or 0 when nothing waited.
local id = ARGV[1]
local there = redis.call('DEL', KEYS[4]) + redis.call('ZREM', KEYS[1], id)
redis.call('HDEL', KEYS[2], id)
redis.call('HDEL', KEYS[3], id)
if there == 0 then return 0 end
return 1
