-- What is known against models, shared by all nodes; the twin of trouble.py.
-- KEYS: the index of models with troubles, the hash of one model (absent for `all`).
-- ARGV: what to do, now in ms (0: this server's clock), the model's key, token, code, message, retry_ms,
--   threshold, window, cool, longest, probe, kept (all ms).
-- Returns: verdict, wait, failures, opened, open, rest, probing, code, message; for `all` a list of {key, …the same}.
local what, now = ARGV[1], tonumber(ARGV[2])
if now == 0 then
  local t = redis.call('TIME')
  now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function load(name)
  local found = {f = 0, o = 0, u = 0, r = 0, p = '', pu = 0, t = 0, c = '', m = ''}
  local raw = redis.call('HGETALL', name)
  for i = 1, #raw, 2 do
    local field = raw[i]
    if field == 'p' or field == 'c' or field == 'm' then found[field] = raw[i + 1]
    else found[field] = tonumber(raw[i + 1]) end
  end
  return found, #raw > 0
end

local function view(s, verdict, wait)
  local open, probing = 0, 0
  if s.o > 0 then open = math.max(0, s.u - now) end
  if s.p ~= '' and s.pu > now then probing = 1 end
  return {verdict or 'free', wait or 0, s.f, s.o, open, math.max(0, s.r - now), probing, s.c, s.m}
end

if what == 'all' then
  local found = {}
  for _, key in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    local s, there = load(KEYS[1] .. ':' .. key)
    if there then
      local one = view(s)
      table.insert(one, 1, key)
      found[#found + 1] = one
    else
      redis.call('SREM', KEYS[1], key)
    end
  end
  return found
end

local key, token, code, message, retry = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local threshold, window, cool, longest = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local probe, kept = tonumber(ARGV[12]), tonumber(ARGV[13])
local name = KEYS[2]

if what == 'forget' then
  redis.call('DEL', name)
  redis.call('SREM', KEYS[1], key)
  return view({f = 0, o = 0, u = 0, r = 0, p = '', pu = 0, t = 0, c = '', m = ''})
end

local s = load(name)
local verdict, wait
local probed = token ~= '' and s.o > 0 and s.p == token

local function open()
  s.o = s.o + 1
  s.u = now + math.max(math.floor(math.min(longest, cool * 2 ^ math.min(s.o - 1, 20))), retry)
  s.p, s.pu = '', 0
end

if what == 'admit' then
  if s.r > now then verdict, wait = 'rest', s.r - now
  elseif s.o == 0 then verdict, wait = 'free', 0
  elseif s.u > now then verdict, wait = 'open', s.u - now
  elseif s.p ~= '' and s.pu > now then verdict, wait = 'open', math.min(s.pu - now, cool)
  else
    verdict, wait = 'probe', 0
    s.p, s.pu = token, now + probe
  end
elseif what == 'failed' then
  if s.o == 0 and now - s.t > window then s.f = 0 end
  s.f = s.f + 1
  s.t, s.c, s.m = now, code, message
  if probed then open()
  elseif s.o == 0 and s.f >= threshold then open() end
elseif what == 'answered' then
  if s.o == 0 or probed then
    s.f, s.o, s.u, s.pu, s.p = 0, 0, 0, 0, ''
  end
elseif what == 'rested' then
  s.r, s.c, s.m = math.max(s.r, now + retry), code, message
elseif what == 'dropped' then
  if probed then s.p, s.pu = '', 0 end
end

if s.f == 0 and s.o == 0 and s.r <= now then
  s.c, s.m = '', ''
  redis.call('DEL', name)
  redis.call('SREM', KEYS[1], key)
else
  redis.call('HSET', name, 'f', s.f, 'o', s.o, 'u', string.format('%.0f', s.u), 'r', string.format('%.0f', s.r),
    'p', s.p, 'pu', string.format('%.0f', s.pu), 't', string.format('%.0f', s.t), 'c', s.c, 'm', s.m)
  redis.call('PEXPIRE', name, kept + math.max(0, s.u - now, s.r - now))
  redis.call('SADD', KEYS[1], key)
  redis.call('EXPIRE', KEYS[1], 86400)
end
return view(s, verdict, wait)
