"""What a soak is judged by."""

import random

from tests.load.processes import rise


def test_what_only_warms_up_and_jumps_about_is_flat() -> None:
    chance = random.Random(1)
    values = [100 - 20 * 0.97**n + chance.uniform(-2, 2) + (50 if n % 37 == 0 else 0) for n in range(1200)]
    assert abs(rise(values)) < 0.5


def test_a_slow_leak_is_seen() -> None:
    chance = random.Random(1)
    values = [100 + n * 6 / 1200 + chance.uniform(-2, 2) for n in range(1200)]
    assert rise(values) > 2.5
