#!lua flags=no-writes
-- KEYS[1]  clock  hash: offset (ms), moved (1 when it ever was)
-- Returns {seconds, microseconds, offset in ms, 1 when the clock was ever moved}.
local t = redis.call('TIME')
local c = redis.call('HMGET', KEYS[1], 'offset', 'moved')
return {tonumber(t[1]), tonumber(t[2]), tonumber(c[1] or 0), tonumber(c[2] or 0)}
