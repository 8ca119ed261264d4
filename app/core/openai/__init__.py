"""OpenAI's format, as the server and batch files speak it."""
