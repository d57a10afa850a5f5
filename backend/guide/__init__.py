"""`rivulet-guide`: a local OpenAI-compatible server that answers about Rivulet from its docs. Stands alone."""
