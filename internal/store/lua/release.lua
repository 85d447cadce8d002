#!lua
-- Removes the lease of a contact that has no record any more.
-- KEYS[1]  contact  string
-- KEYS[2]  lease    hash: contact id -> fence:process:realms
-- KEYS[3]  meta     hash: orphan, seq
-- ARGV[1]  id
-- ARGV[2]  "fence:process:realms", the lease that must be held
-- Returns 1 removed, 0 there is a record, or the lease is somebody else's.
local held = redis.call('HGET', KEYS[2], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 1 or held ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HINCRBY', KEYS[3], 'orphan', 1)
redis.call('HINCRBY', KEYS[3], 'seq', 1)
return 1
