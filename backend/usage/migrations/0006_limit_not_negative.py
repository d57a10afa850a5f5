import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("usage", "0005_months"),
    ]

    operations = [
        migrations.AlterField(
            "budget",
            "most",
            models.DecimalField(
                decimal_places=9,
                max_digits=24,
                validators=[django.core.validators.MinValueValidator(0, "A limit can't be below 0.")],
                verbose_name="limit",
            ),
        ),
        migrations.AddConstraint(
            "searchprice",
            models.CheckConstraint(condition=models.Q(("price__gte", 0)), name="usage_searchprice_not_negative"),
        ),
    ]
