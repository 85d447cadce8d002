#!lua
-- Points look-ups at contacts where they lead nowhere yet. Each stands alone;
-- the same may be asked again.
-- KEYS[1…]  buckets of look-ups  hash: digest -> contact ids of equal length, joined
-- ARGV      for each key in turn:
--           field of the digest
--           contact id
-- Returns for each key the id of the first contact the digest leads to.
local winners = {}
for i, bucket in ipairs(KEYS) do
  local field, id = ARGV[2 * i - 1], ARGV[2 * i]
  local have = redis.call('HGET', bucket, field) or ''
  if #have % #id ~= 0 then
    return redis.error_reply('CORRUPT look-up is no list of contact ids; rebuild the look-ups')
  end
  if have == '' then
    redis.call('HSET', bucket, field, id)
    have = id
  end
  winners[i] = string.sub(have, 1, #id)
end
return winners
