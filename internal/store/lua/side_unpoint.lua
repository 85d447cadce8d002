#!lua
-- Removes a contact from those a look-up leads to.
-- KEYS[1]  bucket of look-ups  hash: digest -> contact ids of equal length, joined
-- ARGV[1]  field of the digest
-- ARGV[2]  contact id
-- ARGV[3]  field that counts what found no room; it goes with the last id
-- Returns 1 removed, 0 it was not there.
local have = redis.call('HGET', KEYS[1], ARGV[1]) or ''
local n = #ARGV[2]
if #have % n ~= 0 then
  return redis.error_reply('CORRUPT look-up is no list of contact ids; rebuild the look-ups')
end
local kept = {}
for i = 1, #have, n do
  local id = string.sub(have, i, i + n - 1)
  if id ~= ARGV[2] then
    kept[#kept + 1] = id
  end
end
local left = table.concat(kept)
if #left == #have then
  return 0
end
if left == '' then
  redis.call('HDEL', KEYS[1], ARGV[1], ARGV[3])
else
  redis.call('HSET', KEYS[1], ARGV[1], left)
end
return 1
