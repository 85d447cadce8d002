#!lua
-- Makes an index of times (look, unc) say of a contact what its record says.
-- KEYS[1]  contact  string: the record
-- KEYS[2]  index    zset: contact id -> real ms
-- KEYS[3]  meta     hash: orphan, seq
-- ARGV[1]  id
-- ARGV[2]  the record that was judged, "" for none
-- ARGV[3]  the right score, "" for no entry
-- Returns 1 mended, 0 nothing to mend (any more).
local stored = redis.call('GET', KEYS[1]) or ''
local at = redis.call('ZSCORE', KEYS[2], ARGV[1])
if stored ~= ARGV[2] or not at and ARGV[3] == '' or at and tonumber(at) == tonumber(ARGV[3]) then return 0 end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
end
if stored == '' then redis.call('HINCRBY', KEYS[3], 'orphan', 1) end
redis.call('HINCRBY', KEYS[3], 'seq', 1)
return 1
