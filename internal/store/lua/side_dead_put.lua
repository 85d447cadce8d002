#!lua
-- Keeps a dead letter, new or again, and lets the oldest of its source go
-- where there is no room.
-- KEYS[1]   letters of the shop    zset, all scores 0: "id:source"; ids sort by age
-- KEYS[2]   letters of the source  zset, all scores 0: "id:bytes"
-- KEYS[3]   bytes of the source    integer
-- KEYS[4]   the letter             string
-- KEYS[5..] letters that may go
-- ARGV[1]   source
-- ARGV[2]   id
-- ARGV[3]   the letter
-- ARGV[4]   when it is forgotten, unix ms, real time
-- ARGV[5]   ids below this are forgotten
-- ARGV[6]   most letters of the source
-- ARGV[7]   most bytes of the source
-- ARGV[8]   life of the indexes from now, ms
-- ARGV[9..] members of KEYS[2] that belong to KEYS[5..]
-- Returns {"stored"}, or {"again", members of KEYS[2] that must go, at most 100}.
local function id_of(member)
  return string.sub(member, 1, string.find(member, ':', 1, true) - 1)
end
local function bytes_of(member)
  return tonumber(string.sub(member, string.find(member, ':', 1, true) + 1))
end

local offered = {}
for i = 9, #ARGV do
  offered[ARGV[i]] = KEYS[i - 4]
end
local size = #ARGV[3]
local count = redis.call('ZCARD', KEYS[2]) + 1
local bytes = size
if count > 1 then
  bytes = bytes + tonumber(redis.call('GET', KEYS[3]) or 0)
end
local same = redis.call('ZRANGE', KEYS[2], '[' .. ARGV[2] .. ':', '(' .. ARGV[2] .. ';', 'BYLEX', 'LIMIT', 0, 1)[1]
if same then
  count = count - 1
  bytes = bytes - bytes_of(same)
end
local go, missing = {}, false
local full = function()
  return count > tonumber(ARGV[6]) or bytes > tonumber(ARGV[7])
end
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, 99)) do
  if member ~= same then
    if not full() and id_of(member) >= ARGV[5] then
      break
    end
    go[#go + 1] = member
    missing = missing or not offered[member]
    count = count - 1
    bytes = bytes - bytes_of(member)
  end
end
if missing then
  return {'again', unpack(go)}
end
-- Entries of sources that receive nothing any more; their letters expired.
local old = redis.call('ZRANGE', KEYS[1], '-', '(' .. ARGV[5], 'BYLEX', 'LIMIT', 0, 100)

if #old > 0 then
  redis.call('ZREM', KEYS[1], unpack(old))
end
for _, member in ipairs(go) do
  redis.call('UNLINK', offered[member])
  redis.call('ZREM', KEYS[1], id_of(member) .. ':' .. ARGV[1])
  redis.call('ZREM', KEYS[2], member)
  redis.call('DECRBY', KEYS[3], bytes_of(member))
end
if full() then
  return {'again'}
end
if same then
  redis.call('ZREM', KEYS[2], same)
end
redis.call('SET', KEYS[4], ARGV[3], 'PXAT', ARGV[4])
redis.call('ZADD', KEYS[1], 0, ARGV[2] .. ':' .. ARGV[1])
redis.call('ZADD', KEYS[2], 0, ARGV[2] .. ':' .. size)
redis.call('SET', KEYS[3], string.format('%.0f', bytes))
redis.call('PEXPIRE', KEYS[1], ARGV[8])
redis.call('PEXPIRE', KEYS[2], ARGV[8])
redis.call('PEXPIRE', KEYS[3], ARGV[8])
return {'stored'}
