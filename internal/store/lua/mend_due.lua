#!lua
-- Puts a contact that nobody works on into the due index where its record says.
-- KEYS[1]  contact  string: the record
-- KEYS[2]  lease    hash: contact id -> fence:process:realms
-- KEYS[3]  due      zset: contact id -> ms in the hour; the hour of the record
-- KEYS[4]  hours    zset: hour -> hour
-- KEYS[5]  meta     hash: seq
-- ARGV[1]  id
-- ARGV[2]  the record that was judged
-- ARGV[3]  its hour
-- ARGV[4]  ms of its due time in that hour
-- Returns 1 mended, 0 nothing to mend (any more).
if redis.call('GET', KEYS[1]) ~= ARGV[2] or redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 0 end
local at = redis.call('ZSCORE', KEYS[3], ARGV[1])
if at and tonumber(at) == tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[3])
redis.call('HINCRBY', KEYS[5], 'seq', 1)
return 1
