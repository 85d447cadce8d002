#!lua
-- Keeps an event until its contact is known.
-- KEYS[1]  list of one digest  zset: event -> when it came, unix ms
-- KEYS[2]  index of the yard   zset: digest and hash of the event -> the same time
-- ARGV[1]  event
-- ARGV[2]  its member in the index
-- ARGV[3]  now, unix ms, real time
-- ARGV[4]  what came at this time or before is forgotten, unix ms
-- ARGV[5]  most events of one digest
-- ARGV[6]  most bytes of one digest
-- ARGV[7]  life of the keys from now, ms
-- Returns 1 kept (now or before), 0 no room.
local cut = tonumber(ARGV[4])
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if at and tonumber(at) > cut then
  return 1
end
local live = redis.call('ZRANGE', KEYS[1], '(' .. ARGV[4], '+inf', 'BYSCORE')
local bytes = #ARGV[1]
for _, event in ipairs(live) do
  bytes = bytes + #event
end
if #live >= tonumber(ARGV[5]) or bytes > tonumber(ARGV[6]) then
  return 0
end
-- Equal times would sort by content: keep the order of coming.
local score = tonumber(ARGV[3])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if last and tonumber(last) >= score then
  score = tonumber(last) + 1
end
score = string.format('%.0f', score)
local old = redis.call('ZRANGE', KEYS[2], '-inf', ARGV[4], 'BYSCORE', 'LIMIT', 0, 100)

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[4])
if #old > 0 then
  redis.call('ZREM', KEYS[2], unpack(old))
end
redis.call('ZADD', KEYS[1], score, ARGV[1])
redis.call('ZADD', KEYS[2], score, ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
return 1
