"""The one guarded HTTP client that makes all outbound calls. Imports nothing of Django."""
