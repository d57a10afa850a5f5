"""Exports of other sites, and our own, read a conversation at a time. Nothing here knows the database but `store` and
`undo`.

`reading` finds the conversations of a file, `sources` turn each into ours, `store` keeps one whole or not at all.
"""
