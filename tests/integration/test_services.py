"""The test run itself stands on real engines, through the product's own settings."""

import pytest
from channels.layers import get_channel_layer
from django.db import connection


@pytest.mark.django_db
def test_tests_run_on_a_real_postgresql():
    with connection.cursor() as cursor:
        cursor.execute("select current_database(), version()")
        name, version = cursor.fetchone()
    assert name.startswith("test_rivulet")
    assert version.startswith("PostgreSQL")


async def test_hints_travel_over_the_channel_layer_on_a_unix_socket():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("hub", channel)
    await layer.group_send("hub", {"type": "hint", "topic": "generation.1"})
    assert await layer.receive(channel) == {"type": "hint", "topic": "generation.1"}
    await layer.flush()
