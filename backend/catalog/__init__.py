"""Which models exist, who serves them, what they cost and how they continue a partial answer.

`registry` is the face for other features: it resolves a name to an entry and an adapter on the loop, from a snapshot
in the process that follows the database within a second. What an administrator set is never overwritten by a
provider's list. May import accounts and core; knows nothing of chat.
"""
