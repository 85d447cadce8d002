#!lua
-- Counts a delivery in the status of its source.
-- KEYS[1]  status  hash: first, last, error_at, gone (unix ms), topic, error, domain, n:<outcome>
-- KEYS[2]  topics  zset: topic -> last delivery, unix ms
-- ARGV[1]  time, unix ms
-- ARGV[2]  outcome
-- ARGV[3]  topic, "" for none
-- ARGV[4]  name of the error, "" for none
-- ARGV[5]  domain of the shop, "" for none
-- ARGV[6]  "gone" sets the mark, "back" takes it away, "" leaves it
-- ARGV[7]  most topics
-- ARGV[8]  the outcome that is no delivery of the source
-- Returns 1.
local at = tonumber(ARGV[1])
local first = tonumber(redis.call('HGET', KEYS[1], 'first') or nil)
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or nil)
local error_at = tonumber(redis.call('HGET', KEYS[1], 'error_at') or nil)

redis.call('HINCRBY', KEYS[1], 'n:' .. ARGV[2], 1)
if ARGV[2] ~= ARGV[8] then
  if not first or at < first then
    redis.call('HSET', KEYS[1], 'first', ARGV[1])
  end
  if not last or at >= last then
    redis.call('HSET', KEYS[1], 'last', ARGV[1])
    if ARGV[3] ~= '' then
      redis.call('HSET', KEYS[1], 'topic', ARGV[3])
    end
  end
end
if ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[2], 'GT', ARGV[1], ARGV[3])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[7]) - 1)
end
if ARGV[4] ~= '' and (not error_at or at >= error_at) then
  redis.call('HSET', KEYS[1], 'error', ARGV[4], 'error_at', ARGV[1])
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'domain', ARGV[5])
end
if ARGV[6] == 'gone' then
  redis.call('HSETNX', KEYS[1], 'gone', ARGV[1])
elseif ARGV[6] == 'back' then
  redis.call('HDEL', KEYS[1], 'gone')
end
return 1
