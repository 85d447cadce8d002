#!lua
-- Forgets an API token.
-- KEYS[1]  tokens    hash: hex SHA-256 of the token -> what is known of it
-- KEYS[2]  last use  hash: hex SHA-256 of the token -> unix ms
-- ARGV[1]  hex SHA-256
-- Returns 1 removed, 0 it was gone.
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
