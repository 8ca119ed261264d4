"""A prompt becomes a stream of tokens. See interface.py for what the rest of the program may use."""
