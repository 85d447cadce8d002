#!lua
-- Records the use of an API token, now and then.
-- KEYS[1]  tokens    hash: hex SHA-256 of the token -> what is known of it
-- KEYS[2]  last use  hash: hex SHA-256 of the token -> unix ms
-- ARGV[1]  hex SHA-256
-- ARGV[2]  time of use, unix ms
-- ARGV[3]  least distance to the use recorded before, ms
-- Returns 1 the token exists, 0 it does not.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
local last = redis.call('HGET', KEYS[2], ARGV[1])
if not last or tonumber(ARGV[2]) - tonumber(last) >= tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
return 1
