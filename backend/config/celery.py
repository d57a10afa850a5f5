"""The Celery application: `celery -A backend.config.celery worker` and `beat`. Tasks live in features' `tasks.py`."""

import os

from celery import Celery

from backend.config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")  # noqa: TID251

broker.install()
app = Celery("rivulet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
