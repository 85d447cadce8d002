#!lua
-- Puts a brake on. A second call with the same arguments changes nothing.
-- KEYS[1]  brakes  hash: on:<scope> -> why, off:<scope> -> unix ms of the last release
-- ARGV[1]  scope
-- ARGV[2]  why
-- ARGV[3…] scope and unix ms of its release as the caller knows it, "" for never
-- Returns 1 put on, or on for the same reason; 0 on already, or somebody
-- released one of the scopes meanwhile.
for i = 3, #ARGV, 2 do
  if (redis.call('HGET', KEYS[1], 'off:' .. ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
end
local why = redis.call('HGET', KEYS[1], 'on:' .. ARGV[1])
if why then return why == ARGV[2] and 1 or 0 end
redis.call('HSET', KEYS[1], 'on:' .. ARGV[1], ARGV[2])
return 1
