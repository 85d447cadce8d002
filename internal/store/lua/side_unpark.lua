#!lua
-- Removes an event that was kept for its contact.
-- KEYS[1]  list of one digest  zset: event -> when it came, unix ms
-- KEYS[2]  index of the yard   zset: digest and hash of the event -> the same time
-- ARGV[1]  event
-- ARGV[2]  its member in the index
-- Returns 1 removed, 0 it was not there.
redis.call('ZREM', KEYS[2], ARGV[2])
return redis.call('ZREM', KEYS[1], ARGV[1])
