#!lua
-- Stores an API token.
-- KEYS[1]  tokens  hash: hex SHA-256 of the token -> what is known of it
-- ARGV[1]  hex SHA-256
-- ARGV[2]  what is known of it
-- ARGV[3]  most tokens
-- Returns 1 stored now or before, 0 no room, -1 the hash belongs to another.
local have = redis.call('HGET', KEYS[1], ARGV[1])
if have then
  return have == ARGV[2] and 1 or -1
end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
