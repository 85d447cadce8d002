#!lua
-- Leases contacts that a destination may be told of, longest waiting first.
-- KEYS[1]  queue  zset: contact id -> real ms of the next try
-- KEYS[2]  lease  hash: contact id -> token
-- ARGV[1]  now, real ms
-- ARGV[2]  most contacts to lease
-- ARGV[3]  end of the lease, real ms
-- ARGV[4]  token of who takes them
-- Returns their ids.
local ids = redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  redis.call('ZADD', KEYS[1], ARGV[3], id)
  redis.call('HSET', KEYS[2], id, ARGV[4])
end
return ids
