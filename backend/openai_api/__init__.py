"""`/v1`: the OpenAI API, so that any OpenAI SDK works unchanged.

A raw ASGI application beside Django's handler: a long stream holds no thread. Without `store` a call is relayed and
nothing but its usage is kept, and a client that leaves cancels it; with `store` it is a generation like any other.
"""
