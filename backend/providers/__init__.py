"""Adapters to AI providers: `stream(request)` yields lists of deltas, usage and a finish.

Invariants: one list per network read; text holds whole code points and no NUL; `Finish` comes exactly once and last,
or a `ProviderError` is raised. Imports nothing of Django; the only way out is `backend.outbound`.
"""
