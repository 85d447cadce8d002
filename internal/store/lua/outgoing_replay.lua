#!lua
-- Lets a line be tried now. One that somebody tells just now is left alone.
-- KEYS[1]  queue  zset: contact id -> real ms of the next try
-- KEYS[2]  state  hash: contact id -> how its tries went
-- KEYS[3]  lease  hash: contact id -> token
-- KEYS[4]  news   list: what is to be told of the contact
-- ARGV[1]  id
-- ARGV[2]  now, real ms
-- Returns 1, or 0 when nothing waits.
local id = ARGV[1]
if redis.call('EXISTS', KEYS[4]) == 0 then return 0 end
if redis.call('HEXISTS', KEYS[3], id) == 0 then
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZADD', KEYS[1], ARGV[2], id)
end
return 1
