-- Makes a version the current one of a rule set, if the one that its author
-- has seen still is, and writes it into the audit log in the same step.
--
-- KEYS[1]  versions: a hash of "current" (a revision), "line", and by number
--          what is known of each version, with its time in front
-- KEYS[2]  texts: a hash by number
-- KEYS[3]  names of all sets
-- KEYS[4]  audit log
-- ARGV[1]  "commit", or "restore" of a version that was lost here
-- ARGV[2]  commit: the revision its author has seen, '' for none
-- ARGV[3]  set, ARGV[4] number, ARGV[5] revision
-- ARGV[6]  line: of a restored version, or for a set that is begun
-- ARGV[7]  what is known of the version, ARGV[8] its text
-- ARGV[9]  its time in milliseconds; commit: this server's is taken
-- ARGV[10] entry of the audit log
-- ARGV[11] how many versions are kept, ARGV[12] how many entries
--
-- Returns "ok", the time in milliseconds and the line; or "no" and the current
-- revision.
local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
local found = redis.call('HMGET', KEYS[1], 'current', 'line')
local current, line = found[1] or '', found[2] or ''
local number, at = tonumber(ARGV[4]), now
if ARGV[1] == 'restore' then
  at = ARGV[9]
  if current ~= '' then
    if line ~= ARGV[6] or tonumber(string.match(current, '^%d+') or number) >= number then
      return 'no ' .. current
    end
  end
  line = ARGV[6]
elseif current ~= ARGV[2] then
  return 'no ' .. current
elseif current == '' then
  line = ARGV[6]
end
redis.call('HSET', KEYS[1], 'current', ARGV[5], 'line', line, ARGV[4], at .. ' ' .. ARGV[7])
redis.call('HSET', KEYS[2], ARGV[4], ARGV[8])
local old = string.format('%.0f', number - ARGV[11])
redis.call('HDEL', KEYS[1], old)
redis.call('HDEL', KEYS[2], old)
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('LPUSH', KEYS[4], now .. ' ' .. ARGV[10])
redis.call('LTRIM', KEYS[4], 0, ARGV[12] - 1)
-- Who may not publish may still commit: processes also ask at intervals.
redis.pcall('PUBLISH', KEYS[1], ARGV[5])
return 'ok ' .. at .. ' ' .. line
