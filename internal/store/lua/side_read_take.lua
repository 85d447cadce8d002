#!lua
-- Takes the lease on reading a source, unless another owner has it.
-- KEYS[1]  read  hash: owner, until (unix ms, server's time), and the fields of side_read_save.lua
-- ARGV[1]  owner
-- ARGV[2]  length of the lease, ms
-- ARGV[3]  1: also from another owner
-- Returns the server's time, unix ms, then the hash as it was, field and value in
-- turn; the time alone when another has it.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local owner = redis.call('HGET', KEYS[1], 'owner')
local ends = tonumber(redis.call('HGET', KEYS[1], 'until') or nil)
if ARGV[3] ~= '1' and owner and owner ~= ARGV[1] and ends and ends > now then
  return {now}
end
local was = redis.call('HGETALL', KEYS[1])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', string.format('%.0f', now + tonumber(ARGV[2])))
local out = {now}
for i = 1, #was do
  out[#out + 1] = was[i]
end
if #out == 1 then
  out = {now, 'owner', ''}
end
return out
