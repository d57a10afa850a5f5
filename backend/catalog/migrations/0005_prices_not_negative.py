"""Prices below 0 that were typed by mistake are not known; from now on forms and the database refuse them."""

import django.core.validators
from django.db import migrations, models

BELOW = "A price can't be below 0."
PRICES = ("input_price", "output_price", "cached_price")
FORGET = [
    f"UPDATE {table} SET {name} = NULL WHERE {name} < 0" for table in ("catalog_model", "catalog_price") for name in PRICES
]


def price(help_text=""):
    return models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[django.core.validators.MinValueValidator(0, BELOW)],
        help_text=help_text,
    )


def not_negative(name, **more):
    found = models.Q()
    for one in PRICES:
        found &= models.Q(**{f"{one}__isnull": True}) | models.Q(**{f"{one}__gte": 0})
    return models.CheckConstraint(condition=found, name=name, **more)


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0004_prices"),
    ]

    operations = [
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
        migrations.AlterField("model", "input_price", price()),
        migrations.AlterField("model", "output_price", price()),
        migrations.AlterField("model", "cached_price", price("Of input that the provider had cached.")),
        migrations.AddConstraint("model", not_negative("catalog_model_prices", violation_error_message=BELOW)),
        migrations.AddConstraint("price", not_negative("catalog_price_prices")),
    ]
