-- One batch for many logs. Each is judged alone; a refused one refuses no other.
-- KEYS: counter, then per log: its list, its fence (attempt, with a trailing ! once sealed).
-- ARGV: channel, sender's prefix, seconds that an owner's confirmation holds, seconds that a finished log is kept,
--   then per log: attempt (-1: anyone), expected, last (0|1), time of confirmation by this clock, count, events.
-- Publishes: sender's prefix, then msgpack of {counter, {{list, first offset, end, events (none: too many)} …}}.
-- Returns: counter (0: nothing was appended), then per log: verdict, end.
local OK, FENCED, SEALED, MISSING, SHORT, CONFLICT, FULL = 0, 1, 2, 3, 4, 5, 6
local window, kept = tonumber(ARGV[3]), ARGV[4]
local reply, hints, now = {0}, {}, nil

local function confirmed(at)
  if not now then
    local t = redis.call('TIME')
    now = tonumber(t[1]) + tonumber(t[2]) / 1e6
  end
  local age = now - tonumber(at)
  return age <= window and age >= -window
end

local function stands(log, expected, finish, count, a)
  if count == 0 or finish ~= expected + count then return false end
  local there = redis.call('LRANGE', log, expected, -1)
  for i = 1, count do
    if there[i] ~= ARGV[a + i] then return false end
  end
  return true
end

local function push(log, count, a)
  local i = 1
  while i <= count do
    local to = math.min(i + 999, count)
    local answer = redis.pcall('RPUSH', log, unpack(ARGV, a + i, a + to))
    if type(answer) == 'table' and answer.err then return false end
    i = to + 1
  end
  return true
end

local function judge(log, key, a)
  local attempt, expected, last = tonumber(ARGV[a]), tonumber(ARGV[a + 1]), ARGV[a + 2] == '1'
  local count = tonumber(ARGV[a + 4])
  local finish = redis.call('LLEN', log)
  local stored = redis.call('GET', key)
  if stored and string.sub(stored, -1) == '!' then
    if stands(log, expected, finish, count, a + 4) then return OK, finish end
    return SEALED, finish
  end
  local owner = stored and tonumber(stored)
  local fence = attempt
  if attempt == -1 then
    if finish == 0 and expected > 0 then return MISSING, 0 end
    fence = owner or 0
  elseif owner and owner > attempt then
    return FENCED, finish
  elseif not owner or owner < attempt then
    if expected > 0 or not confirmed(ARGV[a + 3]) then return MISSING, finish end
    if finish > 0 then
      redis.call('DEL', log)
      finish = 0
    end
  end
  if finish ~= expected then
    if stands(log, expected, finish, count, a + 4) then return OK, finish end
    return finish < expected and SHORT or CONFLICT, finish
  end
  if not push(log, count, a + 4) then
    if expected == 0 then redis.call('DEL', log) else redis.call('LTRIM', log, 0, expected - 1) end
    return FULL, finish
  end
  if last or fence ~= owner then
    local answer = redis.pcall('SET', key, last and fence .. '!' or fence)
    if type(answer) == 'table' and answer.err then
      if expected == 0 then redis.call('DEL', log) else redis.call('LTRIM', log, 0, expected - 1) end
      return FULL, finish
    end
  end
  if last then
    redis.call('EXPIRE', log, kept)
    redis.call('EXPIRE', key, kept)
  end
  if count > 0 then
    local events = count <= 1000 and {unpack(ARGV, a + 5, a + 4 + count)} or {}
    hints[#hints + 1] = {log, expected + 1, finish + count, events}
  end
  return OK, finish + count
end

local a, k = 5, 2
while ARGV[a] do
  local verdict, finish = judge(KEYS[k], KEYS[k + 1], a)
  reply[#reply + 1] = verdict
  reply[#reply + 1] = finish
  a = a + 5 + tonumber(ARGV[a + 4])
  k = k + 2
end
if #hints > 0 then
  local count = redis.pcall('INCR', KEYS[1])
  if type(count) == 'number' then
    reply[1] = count
    redis.call('PUBLISH', ARGV[1], ARGV[2] .. cmsgpack.pack({count, hints}))
  end
end
return reply
