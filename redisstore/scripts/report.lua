-- Keeps the list of processes that report: a sorted set of their names, scored
-- by when their reports end on this server's clock, so that nobody's own clock
-- matters.
--
-- KEYS[1]  the list
-- ARGV[1]  name
-- ARGV[2]  how long the report is kept, in milliseconds
-- ARGV[3]  how many names the list may have
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[3])
-- As long as the longest report: another process may keep its for longer.
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 'OK'
