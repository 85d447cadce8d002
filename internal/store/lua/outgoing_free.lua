#!lua
-- Ends a lease whose holder is gone.
-- KEYS[1]  queue  zset: contact id -> real ms of the next try
-- KEYS[2]  lease  hash: contact id -> token
-- ARGV[1]  id
-- ARGV[2]  token of the holder
-- ARGV[3]  now, real ms
-- Returns 1 done, 0 it ended before.
local id = ARGV[1]
if redis.call('HGET', KEYS[2], id) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], id)
redis.call('ZADD', KEYS[1], 'XX', ARGV[3], id)
return 1
