"""Adapters to AI providers: `stream(request)` yields deltas, usage and a finish. Imports nothing of Django."""
