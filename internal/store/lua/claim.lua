#!lua
-- Moves contacts whose timer fired from the due index to the lease, oldest first.
-- KEYS[1]  lease  hash: contact id -> fence:process:realms
-- KEYS[2]  hours  zset: hour -> hour
-- KEYS[3]  meta   hash: fence, clk, orphan, seq
-- KEYS[4…] due    zset: contact id -> ms in the hour; hours in order
-- ARGV[1]  now, program time, unix ms
-- ARGV[2]  most contacts to claim
-- ARGV[3]  "process:realms", the tail of the lease
-- ARGV[4…] the hour of each due key
-- Returns {seq, id, fence, due in unix ms, id, …}.
local lease, hours, meta = KEYS[1], KEYS[2], KEYS[3]
local now, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local mark = tonumber(redis.call('HGET', meta, 'clk') or 0)
if mark > now then now = mark end
local taken, gone = {}, {}
for k = 4, #KEYS do
  local start = tonumber(ARGV[k]) * 3600000
  if most > 0 and start <= now then
    local due = redis.call('ZRANGE', KEYS[k], '-inf', now - start, 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
    for i = 1, #due, 2 do
      local fresh = redis.call('HEXISTS', lease, due[i]) == 0
      gone[#gone + 1] = {KEYS[k], due[i], fresh}
      if fresh then
        taken[#taken + 1] = {due[i], start + tonumber(due[i + 1])}
      end
      most = most - 1
    end
  end
end
-- From here on only writes.
for _, g in ipairs(gone) do
  redis.call('ZREM', g[1], g[2])
  if not g[3] then redis.call('HINCRBY', meta, 'orphan', 1) end
end
for k = 4, #KEYS do
  if redis.call('EXISTS', KEYS[k]) == 0 then redis.call('ZREM', hours, ARGV[k]) end
end
if #gone == 0 then return {tonumber(redis.call('HGET', meta, 'seq') or 0)} end
local answer = {0}
for _, t in ipairs(taken) do
  local fence = redis.call('HINCRBY', meta, 'fence', 1)
  redis.call('HSET', lease, t[1], fence .. ':' .. ARGV[3])
  answer[#answer + 1] = t[1]
  answer[#answer + 1] = fence
  answer[#answer + 1] = t[2]
end
if now > mark then redis.call('HSET', meta, 'clk', string.format('%.0f', now)) end
answer[1] = redis.call('HINCRBY', meta, 'seq', 1)
return answer
