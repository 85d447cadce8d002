#!lua
-- Takes news that was told off its line. A second call changes nothing.
-- KEYS[1]  queue  zset: contact id -> real ms of the next try
-- KEYS[2]  state  hash: contact id -> how its tries went
-- KEYS[3]  lease  hash: contact id -> token
-- KEYS[4]  news   list: what is to be told of the contact
-- ARGV[1]  id
-- ARGV[2]  token that must hold the lease
-- ARGV[3]  the news that was told; another one at the head came meanwhile
-- ARGV[4]  now, real ms
-- Returns 1 done, 0 the lease is somebody else's.
local id = ARGV[1]
if redis.call('HGET', KEYS[3], id) ~= ARGV[2] then return 0 end
if redis.call('LINDEX', KEYS[4], 0) == ARGV[3] then redis.call('LPOP', KEYS[4]) end
redis.call('HDEL', KEYS[3], id)
redis.call('HDEL', KEYS[2], id)
if redis.call('EXISTS', KEYS[4]) == 1 then
  redis.call('ZADD', KEYS[1], ARGV[4], id)
else
  redis.call('ZREM', KEYS[1], id)
end
return 1
