"""What beat is to have done is all there: errands of several features share one list."""

from django.conf import settings

from backend.config.celery import app


def test_beats_errands_are_tasks_of_all_features():
    app.loader.import_default_modules()
    asked = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert asked >= {"jobs.requeue", "jobs.clean", "jobs.maintain", "usage.sweep", "usage.reconcile"}
    assert asked <= set(app.tasks)
