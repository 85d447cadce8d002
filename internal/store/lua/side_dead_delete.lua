#!lua
-- Removes a dead letter.
-- KEYS[1]  letters of the shop    zset, all scores 0: "id:source"
-- KEYS[2]  letters of the source  zset, all scores 0: "id:bytes"
-- KEYS[3]  bytes of the source    integer
-- KEYS[4]  the letter             string
-- ARGV[1]  source
-- ARGV[2]  id
-- Returns 1 removed, 0 it was gone.
local member = redis.call('ZRANGE', KEYS[2], '[' .. ARGV[2] .. ':', '(' .. ARGV[2] .. ';', 'BYLEX', 'LIMIT', 0, 1)[1]

local gone = redis.call('UNLINK', KEYS[4])
redis.call('ZREM', KEYS[1], ARGV[2] .. ':' .. ARGV[1])
if member then
  redis.call('ZREM', KEYS[2], member)
  redis.call('DECRBY', KEYS[3], string.sub(member, #ARGV[2] + 2))
end
return gone
