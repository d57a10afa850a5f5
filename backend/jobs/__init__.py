"""Long jobs: rows of work in PostgreSQL, pushed along by Celery, followed live in `job.<id>`."""
