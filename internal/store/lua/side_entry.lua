#!lua
-- Takes one of the places that a journey has for entries in a day.
-- KEYS[1]  places  hash: last (program time of the last place, unix ms), full (the
--                  first day that was not full when last looked at), cap (by which
--                  limit that was), and d:<day> -> places taken
-- ARGV[1]  day since 1970 by the shop's clock
-- ARGV[2]  its first instant, unix ms
-- ARGV[3]  the first instant after it
-- ARGV[4]  program time, unix ms
-- ARGV[5]  places of a day
-- Returns {1, place in unix ms}, or {0, the next day to try}.
local places, day, from, over = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now, cap = tonumber(ARGV[4]), tonumber(ARGV[5])
local field = 'd:' .. ARGV[1]
local taken = tonumber(redis.call('HGET', places, field) or '0')
local last = tonumber(redis.call('HGET', places, 'last') or nil)
local full = tonumber(redis.call('HGET', places, 'full') or nil)
if redis.call('HGET', places, 'cap') ~= ARGV[5] then full = nil end
local old = {}
if taken == 0 then
  for _, name in ipairs(redis.call('HKEYS', places)) do
    local d = tonumber(string.match(name, '^d:(-?%d+)$'))
    if d and d < day - 2 and d * 86400000 < now - 3 * 86400000 then old[#old + 1] = name end
  end
end

if taken >= cap or (full and day < full) then
  local next = math.max(day + 1, full or 0)
  redis.call('HSET', places, 'full', string.format('%d', next), 'cap', ARGV[5])
  return {0, next}
end
-- The first entry of a day need not wait; the others are spread over what is
-- left of it, one more part than there are places, so that the last one fits.
local at = math.max(now, from)
if taken > 0 and last and last >= from then
  local left = over - math.max(now, last)
  at = math.max(now, last + math.floor(left / (cap - taken + 1)))
end
for _, name in ipairs(old) do redis.call('HDEL', places, name) end
redis.call('HSET', places, field, string.format('%d', taken + 1), 'last', string.format('%.0f', at))
return {1, string.format('%.0f', at)}
