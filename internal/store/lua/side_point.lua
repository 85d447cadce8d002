#!lua
-- Adds a contact to those a look-up leads to.
-- KEYS[1]  bucket of look-ups  hash: digest -> contact ids of equal length, joined
-- ARGV[1]  field of the digest
-- ARGV[2]  contact id
-- ARGV[3]  most ids of one digest
-- ARGV[4]  field that counts what found no room
-- Returns 1 there now, 0 no room (counted).
local have = redis.call('HGET', KEYS[1], ARGV[1]) or ''
local n = #ARGV[2]
if #have % n ~= 0 then
  return redis.error_reply('CORRUPT look-up is no list of contact ids; rebuild the look-ups')
end
for i = 1, #have, n do
  if string.sub(have, i, i + n - 1) == ARGV[2] then
    return 1
  end
end
if #have >= n * tonumber(ARGV[3]) then
  redis.call('HINCRBY', KEYS[1], ARGV[4], 1)
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], have .. ARGV[2])
return 1
