"""What an export has: conversations as JSON and Markdown, the other parts of a person's data, all of it as a zip."""
