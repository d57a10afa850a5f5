"""Care for providers: who is asked when, how often, by how many at a time, and who instead.

`provider.CarefulProvider` is the face: a `Provider` over a chain of models, which waits in line for a free place,
leaves alone what keeps failing, tries again within a budget, and passes on to the next model before the first word.
Nodes share what they know through Redis; while it is away each goes on by what it knows itself. A model without limits
that never failed costs neither a round trip nor a layer.

May import core and the adapters; knows nothing of the catalogue or of chat.
"""
