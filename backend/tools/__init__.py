"""Tools that models may call: a typed schema, a function, and what a person sees of it. A tool is one file here."""
