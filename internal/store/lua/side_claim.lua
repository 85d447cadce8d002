#!lua
-- Points a look-up at a contact when it leads nowhere yet.
-- KEYS[1]  bucket of look-ups  hash: digest -> contact ids of equal length, joined
-- ARGV[1]  field of the digest
-- ARGV[2]  contact id
-- Returns the id of the first contact the digest leads to.
local have = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if #have % #ARGV[2] ~= 0 then
  return redis.error_reply('CORRUPT look-up is no list of contact ids; rebuild the look-ups')
end
if have ~= '' then
  return string.sub(have, 1, #ARGV[2])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
