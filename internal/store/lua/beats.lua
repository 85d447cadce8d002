#!lua flags=no-writes
-- KEYS[1]  beats  hash: process -> unix ms of its last heartbeat
-- Returns {now in unix ms, process, unix ms, …}.
local t = redis.call('TIME')
local answer = redis.call('HGETALL', KEYS[1])
table.insert(answer, 1, t[1] * 1000 + math.floor(t[2] / 1000))
return answer
