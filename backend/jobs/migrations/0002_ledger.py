from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0001_initial'),
    ]

    operations = [
        migrations.AddField(model_name='job', name='team', field=models.UUIDField(null=True)),
        migrations.AddField(model_name='job', name='key', field=models.UUIDField(null=True)),
        migrations.AddField(model_name='jobrow', name='tokens', field=models.IntegerField(db_default=0, default=0)),
    ]
