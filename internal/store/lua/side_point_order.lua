#!lua
-- Lets an order lead to a contact. One script, so that no bucket is left
-- without its expiry.
-- KEYS[1]  bucket of one generation  hash: digest -> contact id
-- ARGV[1]  field of the digest
-- ARGV[2]  contact id
-- ARGV[3]  when the generation is forgotten, unix ms, real time
-- Returns 1.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return 1
