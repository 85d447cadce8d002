#!lua
-- Notes that a process lives, and forgets those silent for a day.
-- KEYS[1]  beats  hash: process -> unix ms of its last heartbeat, server's time
-- ARGV[1]  process
-- Returns unix ms.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local beats = redis.call('HGETALL', KEYS[1])
for i = 1, #beats, 2 do
  if now - tonumber(beats[i + 1]) > 86400000 then redis.call('HDEL', KEYS[1], beats[i]) end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now))
return now
