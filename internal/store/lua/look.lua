#!lua flags=no-writes
-- Reads what a decision about one contact needs, in one turn.
-- KEYS[1]  contact  string: the record
-- then ARGV[1] sets of delivery digests, then a set for each order digest
-- ARGV[1]  number of delivery sets
-- ARGV[2]  delivery digest, "" for none
-- ARGV[3…] order digests
-- Returns {record or false, 1 when the delivery was applied before, 1 or 0 for each order}.
local found = {redis.call('GET', KEYS[1]), 0}
local sets = tonumber(ARGV[1])
for i = 1, sets do
  if redis.call('SISMEMBER', KEYS[1 + i], ARGV[2]) == 1 then found[2] = 1 end
end
for i = 3, #ARGV do
  found[i] = redis.call('SISMEMBER', KEYS[sets + i - 1], ARGV[i])
end
return found
