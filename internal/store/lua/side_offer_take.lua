#!lua
-- Takes an offer for one message where its budget still bears it. The sum of
-- what is taken in a stretch of time never exceeds the budget, whoever asks.
-- KEYS[1]  taken  zset: digest of a message id -> unix ms when it was taken
-- KEYS[2]  costs  hash: digest of a message id -> <cost> " " <fence of who took
--                 it last>; "sum" -> the costs of all in KEYS[1]
-- ARGV[1]  digest of the message id
-- ARGV[2]  cost, minor units
-- ARGV[3]  budget, minor units
-- ARGV[4]  unix ms: now
-- ARGV[5]  unix ms: what was taken until then does not count any more
-- ARGV[6]  fence
-- Returns { 1 taken, or taken before by the same message; 0 the budget does not
-- bear it; what is left of the budget then, at least 0 }.
local function sum() return tonumber(redis.call('HGET', KEYS[2], 'sum') or '0') end
-- No more than 1,000 at a time leave the sum: the others count a little longer.
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[5], 'LIMIT', 0, 1000)
for _, id in ipairs(old) do
  local cost = string.match(redis.call('HGET', KEYS[2], id) or '', '^(%d+)')
  if cost then redis.call('HINCRBY', KEYS[2], 'sum', -tonumber(cost)) end
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZREM', KEYS[1], id)
end
local have = string.match(redis.call('HGET', KEYS[2], ARGV[1]) or '', '^(%d+)')
if have then
  redis.call('HSET', KEYS[2], ARGV[1], have .. ' ' .. ARGV[6])
  return { 1, math.max(0, tonumber(ARGV[3]) - sum()) }
end
local left = tonumber(ARGV[3]) - sum()
if tonumber(ARGV[2]) > left then return { 0, math.max(0, left) } end
redis.call('ZADD', KEYS[1], ARGV[4], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. ARGV[6])
redis.call('HINCRBY', KEYS[2], 'sum', ARGV[2])
return { 1, left - tonumber(ARGV[2]) }
