#!lua
-- Keeps how far a source was read, and the lease or its end.
-- KEYS[1]  read  hash: owner, until, since, began, whole, tried, error_at (unix ms), next, error, text,
--                rounds, read, found (counts)
-- ARGV[1]  owner
-- ARGV[2]  length of the lease, ms; 0 gives it back
-- ARGV[3]  deliveries read since the last call
-- ARGV[4]  orders among them that nobody had told
-- ARGV[5]  1 when a round was finished
-- ARGV[6..]  field and value in turn
-- Returns 1 kept, 0 the lease is another's: nothing was kept.
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then
  return 0
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('HINCRBY', KEYS[1], 'read', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'found', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'rounds', ARGV[5])
for i = 6, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + tonumber(ARGV[2])))
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], 'owner', 'until')
end
return 1
