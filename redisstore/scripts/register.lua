
-- ARGV[4]  writer
-- ARGV[5]  when it wants to lapse, by this server's clock; 0: withdraw; '': only look
-- ARGV[6]  history whose clock that is
-- ARGV[7]  most writers there may be
--
-- Returns what became of it, this server's time, and the history.
local writer, lapses, most = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[7])
era()
if lapses then lapses = math.min(lapses, clock() + term) end

-- What nearly every request is: one of many writers that are all well moves to
-- the end. The others need not be looked at.
if everybody and lapses and lapses > clock() and ARGV[6] == history then
  local value = wholePresence()
  local from, next = string.find(value, ' ' .. writer .. ':', 1, true)
  if from then
    local was, ends, to = string.match(string.sub(value, next + 1, next + 34), '^(%d+):(%d+)()')
    local last = string.match(string.sub(value, -35), ':(%d+):%d+$')
    if was and last and #was <= 15 and #ends <= 15 and #last <= 15 and tonumber(last) <= lapses then
      ends = math.max(lapses + absence, tonumber(ends))
      value = string.sub(value, 1, from - 1) .. string.sub(value, next + to) .. string.format(' %s:%d:%d', writer, lapses, ends)
      redis.call('SET', presenceKey, value)
      return 'ok ' .. string.format('%d', clock()) .. ' ' .. history
    end
  end
end
local writers, _, swept = observePresence()
local result = 'not'
if lapses and ARGV[6] == history then
  local at
  for i, w in ipairs(writers) do
    if w[1] == writer then at = i end
  end
  if lapses == 0 then
    if at then table.remove(writers, at) end
    result = 'ok'
  elseif lapses <= clock() then
    result = 'late'
  elseif not at and #writers >= most then
    result = 'full'
  else
    local w = {writer, lapses, lapses + absence}
    if at then
      local was = table.remove(writers, at)
      w[2], w[3] = math.max(was[2], w[2]), math.max(was[3], w[3])
    end
    insert(writers, w)
    result = 'ok'
  end
end
writePresence(writers)
if swept then renewSchema() end
return result .. ' ' .. string.format('%d', clock()) .. ' ' .. history
