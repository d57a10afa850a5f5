"""`/v1`: the OpenAI API, served by the same providers, limits and generations as the chat."""
