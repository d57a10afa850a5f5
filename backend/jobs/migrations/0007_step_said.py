from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0006_lost")]

    operations = [
        migrations.AddField(model_name="job", name="step_said", field=models.JSONField(null=True)),
    ]
