"""Writes of accounts: people, keys, token families, tickets and sessions. Ordinary synchronous Django code."""
