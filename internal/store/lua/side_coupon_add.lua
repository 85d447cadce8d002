#!lua
-- Adds codes to a shop's pool, those that it never had.
-- KEYS[1]  free   list: <code> " " <unix ms until which it is good, 0 for ever>
-- KEYS[2]  known  set: every code that was ever added, in capitals
-- ARGV     code, unix ms, code, unix ms, …
-- Returns { codes added, free codes }.
local n = 0
for i = 1, #ARGV, 2 do
  if redis.call('SADD', KEYS[2], string.upper(ARGV[i])) == 1 then
    redis.call('RPUSH', KEYS[1], ARGV[i] .. ' ' .. ARGV[i + 1])
    n = n + 1
  end
end
return { n, redis.call('LLEN', KEYS[1]) }
