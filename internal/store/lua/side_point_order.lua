#!lua
-- Lets orders lead to contacts. One script, so that no bucket is left without
-- its expiry.
-- KEYS[1…]  buckets of one generation each  hash: digest -> contact id
-- ARGV      for each key in turn:
--           field of the digest
--           contact id
--           when the generation is forgotten, unix ms, real time
-- Returns 1.
for i, bucket in ipairs(KEYS) do
  redis.call('HSET', bucket, ARGV[3 * i - 2], ARGV[3 * i - 1])
  redis.call('PEXPIREAT', bucket, ARGV[3 * i])
end
return 1
