#!lua
-- Remembers that a new order came in from a source.
-- KEYS[1]  feed  hash: first, last (program time, unix ms), real (unix ms of the
--                last), n, waived, and d:<day> -> bits of the hours in which orders came
-- ARGV[1]  program time, unix ms
-- ARGV[2]  real time, unix ms
-- ARGV[3]  day since 1970 by the shop's clock
-- ARGV[4]  hour of it, 0 to 23
-- ARGV[5]  days to keep, this one included
-- Returns 1.
local feed, day = KEYS[1], tonumber(ARGV[3])
local field = 'd:' .. ARGV[3]
local hours = redis.call('HGET', feed, field)
local last = tonumber(redis.call('HGET', feed, 'last') or nil)
local real = tonumber(redis.call('HGET', feed, 'real') or nil)
local old = {}
if not hours then
  for _, name in ipairs(redis.call('HKEYS', feed)) do
    local d = tonumber(string.match(name, '^d:(-?%d+)$'))
    if d and d <= day - tonumber(ARGV[5]) then old[#old + 1] = name end
  end
end

for _, name in ipairs(old) do redis.call('HDEL', feed, name) end
redis.call('HSETNX', feed, 'first', ARGV[1])
redis.call('HINCRBY', feed, 'n', 1)
redis.call('HSET', feed, field, string.format('%d', bit.bor(tonumber(hours or 0), bit.lshift(1, tonumber(ARGV[4])))))
if not last or tonumber(ARGV[1]) > last then redis.call('HSET', feed, 'last', ARGV[1]) end
if not real or tonumber(ARGV[2]) > real then redis.call('HSET', feed, 'real', ARGV[2]) end
return 1
