"""Conversations as trees of messages, and the generations that write the answers."""
