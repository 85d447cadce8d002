#!lua
-- Lists an hour that is not empty, or takes one that is empty off the list.
-- KEYS[1]  hours  zset: hour -> hour
-- KEYS[2]  due    zset: contact id -> ms in the hour
-- KEYS[3]  meta   hash: seq
-- ARGV[1]  hour
-- Returns 1 mended, 0 nothing to mend (any more).
local listed = redis.call('ZSCORE', KEYS[1], ARGV[1])
local full = redis.call('EXISTS', KEYS[2]) == 1
if full and listed and tonumber(listed) == tonumber(ARGV[1]) or not full and not listed then return 0 end
if full then
  redis.call('ZADD', KEYS[1], ARGV[1], ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
end
redis.call('HINCRBY', KEYS[3], 'seq', 1)
return 1
