#!lua
-- Takes over leases whose holder is gone, if they are still what was read.
-- KEYS[1]  lease  hash: contact id -> fence:process:realms
-- KEYS[2]  meta   hash: fence, seq
-- ARGV[1]  "process:realms", the tail of the new leases
-- ARGV[2…] id and old value of each lease, at most 100 pairs
-- Returns {seq, id, new fence, id, …} of those taken over.
local mine = {}
for i = 2, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then mine[#mine + 1] = ARGV[i] end
end
if #mine == 0 then return {tonumber(redis.call('HGET', KEYS[2], 'seq') or 0)} end
local answer = {0}
for _, id in ipairs(mine) do
  local fence = redis.call('HINCRBY', KEYS[2], 'fence', 1)
  redis.call('HSET', KEYS[1], id, fence .. ':' .. ARGV[1])
  answer[#answer + 1] = id
  answer[#answer + 1] = fence
end
answer[1] = redis.call('HINCRBY', KEYS[2], 'seq', 1)
return answer
