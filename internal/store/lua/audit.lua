#!lua flags=no-writes
-- Reads contacts of one shard and what its indexes say of them, in one turn.
-- KEYS[1]  lease  hash: contact id -> fence:process:realms
-- KEYS[2]  look   zset: contact id -> real ms
-- KEYS[3]  unc    zset: contact id -> real ms
-- then for each contact: its record, and a due key (any key of that kind when there is none to look at)
-- ARGV[n]  id of each contact, at most 50
-- Returns for each {first 8 bytes of the record, lease, score in due, in look, in unc}, false where there is none.
local answer = {}
for i, id in ipairs(ARGV) do
  answer[i] = {
    redis.call('GETRANGE', KEYS[2 + 2 * i], 0, 7),
    redis.call('HGET', KEYS[1], id),
    redis.call('ZSCORE', KEYS[3 + 2 * i], id),
    redis.call('ZSCORE', KEYS[2], id),
    redis.call('ZSCORE', KEYS[3], id),
  }
end
return answer
