"""Prompt templates: texts with typed variables, in numbered versions that never change, found by id or by slug.

A label (`draft`, `released`, any own) points at a version. A template is seen and changed by its owner and by those it
is shared with, as `accounts.permissions` decides. `{{name}}` in a text is replaced by a value, once: nothing is
evaluated, and what a value holds is text. `prompts.use.render` is how the rest of the application asks for the texts.
May not import chat.
"""
