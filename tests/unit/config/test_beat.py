"""What beat does now and then."""

from django.conf import settings


def test_beat_has_the_errands_of_every_feature():
    assert {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()} >= {
        "jobs.requeue",
        "jobs.clean",
        "usage.sweep",
        "usage.reconcile",
    }
