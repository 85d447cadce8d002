#!lua
-- Forgets an order where it leads to one contact.
-- KEYS[n]  buckets of one digest, one for each generation  hash: digest -> contact id
-- ARGV[1]  field of the digest
-- ARGV[2]  contact id
-- Returns how many pointers were removed.
local n = 0
for _, key in ipairs(KEYS) do
  if redis.call('HGET', key, ARGV[1]) == ARGV[2] then
    n = n + redis.call('HDEL', key, ARGV[1])
  end
end
return n
