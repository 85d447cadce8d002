#!lua
-- One change of one contact. Either everything below happens, or nothing does.
-- A second "w" with the same arguments changes nothing and says so, because the
-- record it finds is byte for byte (nonce included) the one it would write.
--
-- KEYS[1]  contact  string: the record; its first 8 bytes are the version
-- KEYS[2]  lease    hash: contact id -> fence:process:realms
-- KEYS[3]  hours    zset: hour -> hour, the due keys that are not empty
-- KEYS[4]  meta     hash: seq, n, fence, clk, orphan
-- KEYS[5]  log      stream
-- KEYS[6]  due      zset: contact id -> ms in the hour; the hour of the record decided on
-- KEYS[7]  due      zset: the hour of the new record (both: any due key when there is none)
-- KEYS[8]  look     zset: contact id -> real ms of the next question to a provider's records
-- KEYS[9]  unc      zset: contact id -> real ms at which its oldest attempt of unknown outcome began
-- then ARGV[15] sets of delivery digests, the generation in force first; then
-- ARGV[16] sets of order digests; then a counter hash for each count and tally;
-- then four keys for each of the ARGV[19] destinations that are told of it:
--   queue  zset: contact id -> real ms of the next try
--   state  hash: contact id -> how its tries went
--   lease  hash: contact id -> token of who tells it just now
--   news   list: what is to be told of the contact, oldest first
-- ARGV[1]  id
-- ARGV[2]  version decided on, 8 bytes; "" when there was no record
-- ARGV[3]  what to do with the record: "w" write, "r" remove, "k" keep
-- ARGV[4]  the new record for "w"
-- ARGV[5]  hour of the old due time, "" for none
-- ARGV[6]  hour of the new due time, "" for none
-- ARGV[7]  ms of the new due time in its hour
-- ARGV[8]  "fence:process:realms", the lease that must be held; "" when none is needed
-- ARGV[9]  "1": give the lease back
-- ARGV[10] change of the number of live contacts: -1, 0 or 1
-- ARGV[11] entry for the log, "" for none
-- ARGV[12] bound of the log
-- ARGV[13] delivery digest (signed decimal), "" for none
-- ARGV[14] life of a delivery set in seconds
-- ARGV[15] number of delivery sets
-- ARGV[16] number of order digests
-- ARGV[17] score in look: "" leaves it, "0" takes the contact out
-- ARGV[18] score in unc: the same
-- ARGV[19] number of destinations
-- ARGV[20] now, real ms
-- ARGV[21…] order digests, then field, amount and life in seconds ("0": for good)
--           of each count, then how and what for each destination:
--           "add"   one more piece of news
--           "join"  a set of letters, joined with those that wait: "letters:number",
--                   where the number tells two sets of the same letters apart
--           "gone"  nothing is told of this contact any more
-- Returns {1, seq} stored, {2, seq} was stored by the same call before,
-- {0} somebody else wrote first, {-1} delivery applied before, {-2} lease lost.
local contact, lease, hours, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, base, what, record = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local sets, orders = tonumber(ARGV[15]), tonumber(ARGV[16])

local stored = redis.call('GETRANGE', contact, 0, 7)
if what == 'w' and stored == string.sub(record, 1, 8) and redis.call('GET', contact) == record then
  return {2, tonumber(redis.call('HGET', meta, 'seq') or 0)}
end
if ARGV[13] ~= '' then
  for i = 1, sets do
    if redis.call('SISMEMBER', KEYS[9 + i], ARGV[13]) == 1 then return {-1} end
  end
end
local held = redis.call('HGET', lease, id)
if ARGV[8] ~= '' and held ~= ARGV[8] then return {-2} end
if stored ~= base then return {0} end

local free = not held or ARGV[9] == '1' or what == 'r'
if what == 'w' then
  redis.call('SET', contact, record)
elseif what == 'r' then
  redis.call('DEL', contact)
end
if held and free then redis.call('HDEL', lease, id) end
if ARGV[5] ~= '' and (ARGV[5] ~= ARGV[6] or not free) then
  if redis.call('ZREM', KEYS[6], id) == 1 and redis.call('EXISTS', KEYS[6]) == 0 then
    redis.call('ZREM', hours, ARGV[5])
  end
end
if ARGV[6] ~= '' and free then
  redis.call('ZADD', KEYS[7], ARGV[7], id)
  redis.call('ZADD', hours, ARGV[6], ARGV[6])
end
if ARGV[13] ~= '' then
  redis.call('SADD', KEYS[10], ARGV[13])
  redis.call('EXPIRE', KEYS[10], ARGV[14], 'NX')
end
for i = 0, 1 do
  local score = ARGV[17 + i]
  if score == '0' then
    redis.call('ZREM', KEYS[8 + i], id)
  elseif score ~= '' then
    redis.call('ZADD', KEYS[8 + i], score, id)
  end
end
for i = 1, orders do
  redis.call('SADD', KEYS[9 + sets + i], ARGV[20 + i])
end
local told, now = tonumber(ARGV[19]), ARGV[20]
local first, arg = 9 + sets + orders, 20 + orders
local counts = #KEYS - first - 4 * told
for i = 1, counts do
  local field, amount, life = ARGV[arg + 3 * i - 2], ARGV[arg + 3 * i - 1], ARGV[arg + 3 * i]
  redis.call('HINCRBY', KEYS[first + i], field, amount)
  if life ~= '0' then redis.call('EXPIRE', KEYS[first + i], life, 'NX') end
end
for i = 1, told do
  local k, a = first + counts + 4 * i, arg + 3 * counts + 2 * i
  local queue, state, busy, news = KEYS[k - 3], KEYS[k - 2], KEYS[k - 1], KEYS[k]
  local how, what = ARGV[a - 1], ARGV[a]
  if how == 'gone' then
    redis.call('DEL', news)
    redis.call('ZREM', queue, id)
    redis.call('HDEL', state, id)
    redis.call('HDEL', busy, id)
  else
    if how == 'join' then
      local before = redis.call('LPOP', news) or ':0'
      local letters, n = string.match(before, '^(%a*):(%d+)$')
      local all = ''
      for c in string.gmatch('abcdefghijklmnopqrstuvwxyz', '.') do
        if string.find(what .. (letters or ''), c, 1, true) then all = all .. c end
      end
      what = all .. ':' .. string.format('%.0f', (tonumber(n) or 0) + 1)
    end
    redis.call('RPUSH', news, what)
    if string.sub(redis.call('HGET', state, id) or '', 1, 1) == 'f' then
      redis.call('HDEL', state, id)
      redis.call('ZADD', queue, now, id)
    else
      redis.call('ZADD', queue, 'NX', now, id)
    end
  end
end
if ARGV[10] ~= '0' then redis.call('HINCRBY', meta, 'n', ARGV[10]) end
if ARGV[11] ~= '' then redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[12], '*', 'e', ARGV[11]) end
return {1, redis.call('HINCRBY', meta, 'seq', 1)}
