"""Does a server keep the promises of the realtime protocol? Asked from outside, in raw frames.

    python -m rivulet_client.conformance --url https://chat.example.org --key rvk_… [--other-key rvk_…] [--json]

Each line is one promise with its section in docs/realtime-protocol.md's order; it passed, failed with what was seen
instead, or was skipped with the reason why it can't be seen from here. It makes a few conversations and asks the model
some twenty times. Nothing here forgives: the client's own mending is not used.
"""
