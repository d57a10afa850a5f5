"""Topics, offsets, replay and flow control: the library that delivers streams.

It knows positions, logs, cursors and sockets, and nothing of the application above it: it imports nothing of
`backend`, of AI or of an HTTP client. The application turns it to itself by registered hooks (who may read a topic,
which commands exist).
"""
