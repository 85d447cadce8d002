#!lua
-- Proves that this node takes writes and runs scripts.
-- KEYS[1]  ready  string, any key of the node that is asked
-- ARGV[1]  what to write
-- ARGV[2]  life of the key in seconds
-- Returns ARGV[1].
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return redis.call('GET', KEYS[1])
