"""Days that are rolled up already are rolled again, so that they know of calls without a price."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("usage", "0006_limit_not_negative"),
    ]

    operations = [
        migrations.AddField("usageday", "unpriced", models.BigIntegerField(db_default=0, default=0)),
        migrations.RunSQL("UPDATE usage_rolledday SET stale = true", migrations.RunSQL.noop),
    ]
