-- How each script starts: read what there is. Together with registers.lua and
-- check.lua or mark.lua, which follow, it does to the values what
-- internal/protocol says; tests compare the two.
--
-- KEYS[1]  era:  "history token~longest quarantine"
-- KEYS[2]  schema tag, KEYS[3..] other tags:  "token marker:deadline ..."
-- ARGV[1]  text that makes a token unique
-- ARGV[2]  quarantine, and the longest lease, in milliseconds: the caller's
-- ARGV[3]  history to assume if the server names none, or ''
--
-- No flag says no-writes, though a check rarely writes: so a replica, a master
-- that lost its replicas, and a node that lost its slot refuse the script,
-- where a plain GET would be answered with what was true a while ago.
-- Invalidation must work in a full server, hence allow-oom.
local info = redis.pcall('INFO', 'replication')
local history = ARGV[3]
if type(info) == 'string' then
  -- A server older than flags lets scripts that only read run anywhere.
  if string.find(info, 'role:slave', 1, true) then
    return redis.error_reply("READONLY a replica cannot tell what is current")
  end
  -- A plain search, which is cheaper than a pattern.
  local _, at = string.find(info, 'master_replid:', 1, true)
  if at then history = string.sub(info, at + 1, at + 40) end
end
if history == '' then
  return redis.error_reply('NOREPLID ' .. (type(info) == 'table' and info.err or 'INFO shows no master_replid'))
end
local values = redis.call('MGET', unpack(KEYS))
