"""Composition root: the only reader of the environment, and the only place that sees everything."""
