"""What beat is to have done is all there: errands of several features share one list."""

from celery import current_app
from django.conf import settings


def test_beats_errands_are_tasks_of_all_features():
    current_app.loader.import_default_modules()
    asked = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert asked >= {"jobs.requeue", "jobs.clean", "jobs.maintain", "usage.sweep", "usage.reconcile"}
    assert asked <= set(current_app.tasks)
