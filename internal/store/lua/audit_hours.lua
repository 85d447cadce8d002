#!lua flags=no-writes
-- Compares due keys of one shard with the index of those that are not empty.
-- KEYS[1]  hours  zset: hour -> hour
-- KEYS[2…] due    zset: contact id -> ms in the hour
-- ARGV[n]  the hour of each due key, at most 100
-- Returns for each 0 in order, 1 not listed, 2 listed and empty.
local answer = {}
for i, hour in ipairs(ARGV) do
  local listed = redis.call('ZSCORE', KEYS[1], hour)
  local right = listed and tonumber(listed) == tonumber(hour)
  local full = redis.call('EXISTS', KEYS[1 + i]) == 1
  answer[i] = 0
  if full and not right then answer[i] = 1 end
  if listed and not full then answer[i] = 2 end
end
return answer
