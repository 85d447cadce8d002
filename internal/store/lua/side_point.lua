#!lua
-- Adds contacts to those that look-ups lead to. Each stands alone; the same may
-- be asked again.
-- KEYS[1…]  buckets of look-ups  hash: digest -> contact ids of equal length, joined
-- ARGV      for each key in turn:
--           field of the digest
--           contact id
--           most ids of one digest
--           field that counts what found no room
-- Returns for each key 1 there now, 0 no room (counted).
local function point(bucket, field, id, most, crowd)
  local have = redis.call('HGET', bucket, field) or ''
  local n = #id
  if #have % n ~= 0 then
    return redis.error_reply('CORRUPT look-up is no list of contact ids; rebuild the look-ups')
  end
  for i = 1, #have, n do
    if string.sub(have, i, i + n - 1) == id then
      return 1
    end
  end
  if #have >= n * tonumber(most) then
    redis.call('HINCRBY', bucket, crowd, 1)
    return 0
  end
  redis.call('HSET', bucket, field, have .. id)
  return 1
end

local there = {}
for i, bucket in ipairs(KEYS) do
  local done = point(bucket, ARGV[4 * i - 3], ARGV[4 * i - 2], ARGV[4 * i - 1], ARGV[4 * i])
  if type(done) == 'table' then
    return done
  end
  there[i] = done
end
return there
