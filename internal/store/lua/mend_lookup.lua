#!lua
-- Removes a look-up that cannot be read.
-- KEYS[1]  bucket of look-ups  hash: digest -> contact ids of equal length, joined
-- ARGV[1]  field of the digest
-- ARGV[2]  the value that was judged
-- Returns 1 removed, 0 it is another one by now.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
