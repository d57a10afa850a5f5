"""What goes wrong with an engine, told in one sentence to the person who started it."""


class EngineError(Exception):
    """An engine can't be used; the message says which, why, and what to do."""
