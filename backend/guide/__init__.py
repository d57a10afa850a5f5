"""`rivulet-guide`: a local OpenAI-compatible server that answers about Rivulet from its docs. Stands alone.

Run as `python -m backend.guide --port 0`. The same conversation always gets the same answer, so half an answer that
comes back as a last assistant message is continued with exactly the rest. Imports nothing of the application.
"""
