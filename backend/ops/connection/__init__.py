"""The connection doctor: what the site offers to be tested by, and the tests that `doctor --url` makes.

`rules.toml` holds what can be wrong and the line that mends it; the command reads it, the page's copy is generated.
`probes` is the server's side, a raw ASGI application for signed-in people; `engine` and its `checks_*` are the
command's side and speak to a site only over the network, through the guarded client.
"""
