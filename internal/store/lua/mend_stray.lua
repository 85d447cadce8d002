#!lua
-- Takes an entry out of the due index that does not belong there.
-- KEYS[1]  contact  string: the record
-- KEYS[2]  lease    hash: contact id -> fence:process:realms
-- KEYS[3]  due      zset: contact id -> ms in the hour; where the entry stands
-- KEYS[4]  hours    zset: hour -> hour
-- KEYS[5]  meta     hash: orphan, seq
-- ARGV[1]  id
-- ARGV[2]  the record that was judged, "" for none
-- ARGV[3]  the lease that was judged, whole, "" for none
-- ARGV[4]  hour of the entry
-- ARGV[5]  ms of the entry in that hour
-- Returns 1 removed, 0 nothing to mend (any more).
local stored, held = redis.call('GET', KEYS[1]) or '', redis.call('HGET', KEYS[2], ARGV[1]) or ''
local at = redis.call('ZSCORE', KEYS[3], ARGV[1])
if stored ~= ARGV[2] or held ~= ARGV[3] or not at or tonumber(at) ~= tonumber(ARGV[5]) then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[3]) == 0 then redis.call('ZREM', KEYS[4], ARGV[4]) end
if stored == '' then redis.call('HINCRBY', KEYS[5], 'orphan', 1) end
redis.call('HINCRBY', KEYS[5], 'seq', 1)
return 1
