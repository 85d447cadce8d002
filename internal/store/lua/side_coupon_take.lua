#!lua
-- Takes a code out of a shop's pool for one message. The same message gets the
-- same code again.
-- KEYS[1]  free   list: <code> " " <unix ms until which it is good, 0 for ever>
-- KEYS[2]  taken  hash: digest of a message id -> the same text
-- ARGV[1]  digest of the message id
-- ARGV[2]  unix ms: codes that end before are passed over
-- Returns { the text, "" where the pool is empty; free codes left; 1 where some
-- were passed over and the call must be repeated, else 0 }.
local have = redis.call('HGET', KEYS[2], ARGV[1])
if have then return { have, redis.call('LLEN', KEYS[1]), 0 } end
for _ = 1, 1000 do
  local code = redis.call('LPOP', KEYS[1])
  if not code then return { '', 0, 0 } end
  local till = tonumber(string.match(code, ' (%d+)$') or '')
  if till and (till == 0 or till > tonumber(ARGV[2])) then
    redis.call('HSET', KEYS[2], ARGV[1], code)
    return { code, redis.call('LLEN', KEYS[1]), 0 }
  end
end
return { '', redis.call('LLEN', KEYS[1]), 1 }
