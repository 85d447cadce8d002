#!lua
-- Adds an order that a record remembers to the orders that are known for good.
-- KEYS[1]  contact  string: the record
-- KEYS[2]  orders   set of order digests
-- KEYS[3]  meta     hash: seq
-- ARGV[1]  the record that was judged
-- ARGV[2]  order digest (signed decimal)
-- Returns 1 mended, 0 nothing to mend (any more).
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('SISMEMBER', KEYS[2], ARGV[2]) == 1 then return 0 end
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('HINCRBY', KEYS[3], 'seq', 1)
return 1
