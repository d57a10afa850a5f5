"""A refusal says which budget it was, for whom, and how much was asked for, so that what waits knows when there is room."""

from django.db import migrations

RESERVED = """
CREATE OR REPLACE FUNCTION usage_reserved() RETURNS trigger LANGUAGE plpgsql AS $$
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
        'start', hit.start,
        'id', (hit.budget).id, 'subject', hit.subject, 'amount', hit.amount::text)::text;
    END IF;
  END LOOP;
  RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0003_searches")]

    operations = [migrations.RunSQL(RESERVED, migrations.RunSQL.noop)]
