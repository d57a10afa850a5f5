"""The triggers that count budgets. Whoever writes to the ledger: a call that would go over a budget is refused there.

`usage_count` adds to what was spent of one budget by one subject; the row's lock makes the check atomic. Where there is
no row yet, it begins with what the ledger has. Rows are taken in one order, so that statements don't wait in a circle.
"""

from django.db import migrations

NIL = "00000000-0000-0000-0000-000000000000"

AMOUNT = """
CREATE FUNCTION usage_amount(measure text, status text, cost numeric, input_tokens bigint, output_tokens bigint)
RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE measure WHEN 'cost' THEN coalesce(cost, 0) WHEN 'tokens' THEN (input_tokens + output_tokens)::numeric
    ELSE CASE WHEN status = 'released' THEN 0 ELSE 1 END END
$$
"""

SUBJECT = f"""
CREATE FUNCTION usage_subject(scope text, user_id uuid, team_id uuid, key_id uuid)
RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE scope WHEN 'user' THEN user_id WHEN 'team' THEN team_id WHEN 'key' THEN key_id ELSE '{NIL}'::uuid END
$$
"""

SPENT = """
CREATE FUNCTION usage_spent(budget usage_budget, subject uuid, start timestamptz)
RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(usage_amount(budget.measure, c.status, c.cost, c.input_tokens, c.output_tokens)), 0)
  FROM usage_call c
  WHERE c.created >= start
    AND c.created < ((start AT TIME ZONE 'UTC') + ('1 ' || budget.period)::interval) AT TIME ZONE 'UTC'
    AND usage_subject(budget.scope, c.user_id, c.team_id, c.key_id) = subject
$$
"""

COUNT = """
CREATE FUNCTION usage_count(budget usage_budget, subject uuid, start timestamptz, amount numeric)
RETURNS usage_spend LANGUAGE plpgsql AS $$
DECLARE found_row usage_spend;
BEGIN
  LOOP
    UPDATE usage_spend s SET used = s.used + amount
    WHERE s.budget_id = budget.id AND s.subject = usage_count.subject AND s.start = usage_count.start
    RETURNING * INTO found_row;
    IF FOUND THEN RETURN found_row; END IF;
    INSERT INTO usage_spend (budget_id, subject, start, used)
    VALUES (budget.id, subject, start, usage_spent(budget, subject, start))
    ON CONFLICT DO NOTHING RETURNING * INTO found_row;
    IF FOUND THEN RETURN found_row; END IF;
  END LOOP;
END $$
"""

TELL = """
CREATE FUNCTION usage_tell(budget usage_budget, spend usage_spend) RETURNS void LANGUAGE plpgsql AS $$
DECLARE percent smallint := CASE WHEN spend.used >= budget.most THEN 100 WHEN spend.used >= budget.most * 0.8 THEN 80
  ELSE 0 END;
BEGIN
  IF percent <= spend.told THEN RETURN; END IF;
  UPDATE usage_spend SET told = percent WHERE id = spend.id;
  INSERT INTO core_outboxevent (topic, epoch, body)
  SELECT 'user.' || who.id, '', jsonb_build_object('type', 'usage', 'data', jsonb_build_object(
    'budget', budget.id, 'name', budget.name, 'scope', budget.scope,
    'subject', CASE WHEN budget.scope = 'everybody' THEN NULL ELSE spend.subject END,
    'period', budget.period, 'measure', budget.measure, 'used', spend.used::float8, 'limit', budget.most::float8,
    'percent', percent,
    'resets', to_char((spend.start AT TIME ZONE 'UTC') + ('1 ' || budget.period)::interval, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  ))::text
  FROM (
    SELECT spend.subject AS id WHERE budget.scope = 'user'
    UNION SELECT k.user_id FROM accounts_apikey k WHERE budget.scope = 'key' AND k.id = spend.subject
    UNION SELECT m.user_id FROM accounts_membership m WHERE budget.scope = 'team' AND m.team_id = spend.subject
    UNION SELECT u.id FROM accounts_user u WHERE budget.scope = 'everybody' AND u.role = 'admin' AND u.is_active
  ) who;
END $$
"""

RESERVED = """
CREATE FUNCTION usage_reserved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE hit record; spend usage_spend;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM usage_budget WHERE enabled) THEN RETURN NULL; END IF;
  FOR hit IN
    SELECT b AS budget, s.subject, s.start, sum(s.amount) AS amount, bool_and(s.going_on) AS going_on
    FROM usage_budget b CROSS JOIN LATERAL (
      SELECT usage_subject(b.scope, f.user_id, f.team_id, f.key_id) AS subject,
        date_trunc(b.period, f.created, 'UTC') AS start,
        usage_amount(b.measure, f.status, f.cost, f.input_tokens, f.output_tokens) AS amount,
        f.step > 1 AS going_on
      FROM fresh f
    ) s
    WHERE b.enabled AND s.subject IS NOT NULL AND (b.subject IS NULL OR b.subject = s.subject OR b.scope = 'everybody')
    GROUP BY b.*, b.id, s.subject, s.start ORDER BY b.id, s.subject, s.start
  LOOP
    IF hit.amount = 0 THEN CONTINUE; END IF;
    spend := usage_count(hit.budget, hit.subject, hit.start, hit.amount);
    IF spend.used > (hit.budget).most AND NOT hit.going_on THEN
      RAISE EXCEPTION 'a budget is used up' USING ERRCODE = 'RVQ01', DETAIL = json_build_object(
        'name', (hit.budget).name, 'scope', (hit.budget).scope, 'period', (hit.budget).period,
        'measure', (hit.budget).measure, 'limit', (hit.budget).most::text, 'used', (spend.used - hit.amount)::text,
        'start', hit.start)::text;
    END IF;
  END LOOP;
  RETURN NULL;
END $$
"""

SETTLED = """
CREATE FUNCTION usage_settled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE hit record; spend usage_spend;
BEGIN
  UPDATE usage_rolledday r SET stale = true
  WHERE NOT r.stale AND r.day IN (SELECT (f.created AT TIME ZONE 'UTC')::date FROM fresh f);
  IF NOT EXISTS (SELECT 1 FROM usage_budget WHERE enabled) THEN RETURN NULL; END IF;
  FOR hit IN
    SELECT b AS budget, s.subject, s.start, sum(s.amount) AS amount
    FROM usage_budget b CROSS JOIN LATERAL (
      SELECT usage_subject(b.scope, f.user_id, f.team_id, f.key_id) AS subject,
        date_trunc(b.period, f.created, 'UTC') AS start,
        usage_amount(b.measure, f.status, f.cost, f.input_tokens, f.output_tokens)
        - usage_amount(b.measure, o.status, o.cost, o.input_tokens, o.output_tokens) AS amount
      FROM fresh f JOIN stale o USING (id)
    ) s
    WHERE b.enabled AND s.subject IS NOT NULL AND (b.subject IS NULL OR b.subject = s.subject OR b.scope = 'everybody')
    GROUP BY b.*, b.id, s.subject, s.start ORDER BY b.id, s.subject, s.start
  LOOP
    spend := usage_count(hit.budget, hit.subject, hit.start, hit.amount);
    PERFORM usage_tell(hit.budget, spend);
  END LOOP;
  RETURN NULL;
END $$
"""

FUNCTIONS = [
    ("usage_amount(text, text, numeric, bigint, bigint)", AMOUNT),
    ("usage_subject(text, uuid, uuid, uuid)", SUBJECT),
    ("usage_spent(usage_budget, uuid, timestamptz)", SPENT),
    ("usage_count(usage_budget, uuid, timestamptz, numeric)", COUNT),
    ("usage_tell(usage_budget, usage_spend)", TELL),
    ("usage_reserved()", RESERVED),
    ("usage_settled()", SETTLED),
]
TRIGGERS = [
    (
        "usage_call_reserved",
        "AFTER INSERT ON usage_call REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION usage_reserved()",
    ),
    (
        "usage_call_settled",
        "AFTER UPDATE ON usage_call REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT "
        "EXECUTE FUNCTION usage_settled()",
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("usage", "0001_initial"),
        ("core", "0001_initial"),
        ("accounts", "0002_names"),
    ]

    operations = [
        *(migrations.RunSQL(body, f"DROP FUNCTION {name}") for name, body in FUNCTIONS),
        *(migrations.RunSQL(f"CREATE TRIGGER {name} {what}", f"DROP TRIGGER {name} ON usage_call") for name, what in TRIGGERS),
    ]
