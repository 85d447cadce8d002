#!lua
-- Gives back what a message took of an offer's budget, because it did not leave.
-- KEYS     as in side_offer_take
-- ARGV[1]  digest of the message id
-- ARGV[2]  fence under which it was taken: where somebody took it since, it stays
-- Returns { 1 given back; 0 it was not there, or is somebody else's }.
local value = redis.call('HGET', KEYS[2], ARGV[1])
local cost, fence = string.match(value or '', '^(%d+) (%d+)$')
if fence ~= ARGV[2] then return { 0 } end
redis.call('HINCRBY', KEYS[2], 'sum', -tonumber(cost))
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
return { 1 }
