#!lua
-- Gives a contact with a message under way, whose lease is lost, a lease of
-- nobody: the next look for such leases takes it over and settles the message.
-- KEYS[1]  contact  string: the record
-- KEYS[2]  lease    hash: contact id -> fence:process:realms
-- KEYS[3]  due      zset: contact id -> ms in the hour; the hour of the record (any due key when it has none)
-- KEYS[4]  hours    zset: hour -> hour
-- KEYS[5]  meta     hash: fence, seq
-- ARGV[1]  id
-- ARGV[2]  the record that was judged
-- ARGV[3]  "process:realms", the tail of the lease
-- ARGV[4]  hour of the due key
-- Returns 1 mended, 0 nothing to mend (any more).
if redis.call('GET', KEYS[1]) ~= ARGV[2] or redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 0 end
local fence = redis.call('HINCRBY', KEYS[5], 'fence', 1)
redis.call('HSET', KEYS[2], ARGV[1], fence .. ':' .. ARGV[3])
if redis.call('ZREM', KEYS[3], ARGV[1]) == 1 and redis.call('EXISTS', KEYS[3]) == 0 then
  redis.call('ZREM', KEYS[4], ARGV[4])
end
redis.call('HINCRBY', KEYS[5], 'seq', 1)
return 1
