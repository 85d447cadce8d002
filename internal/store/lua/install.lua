#!lua
-- Makes the installation record, or returns the one that is there.
-- KEYS[1]  installation  hash
-- ARGV     shards, id, secret, schema, made_at (unix s)
-- Returns {1 when made now, shards, id, secret, schema, made_at}.
local fields = {'shards', 'id', 'secret', 'schema', 'made_at'}
local made = 0
if redis.call('EXISTS', KEYS[1]) == 0 then
  for i, f in ipairs(fields) do redis.call('HSET', KEYS[1], f, ARGV[i]) end
  made = 1
end
local r = redis.call('HMGET', KEYS[1], unpack(fields))
return {made, r[1], r[2], r[3], r[4], r[5]}
