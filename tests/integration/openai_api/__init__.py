"""The official OpenAI clients, unchanged, against the running product."""
