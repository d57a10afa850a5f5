from decimal import Decimal

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0005_unpaid'),
    ]

    operations = [
        migrations.AddField(model_name='job', name='lost_calls', field=models.IntegerField(db_default=0, default=0)),
        migrations.AddField(
            model_name='job',
            name='lost_cost',
            field=models.DecimalField(db_default=Decimal('0'), decimal_places=9, default=Decimal('0'), max_digits=18),
        ),
    ]
