"""The same Core over HTTP, in OpenAI's format, for programs of this machine: `rubato serve`. Imports no Qt.

A third face beside the window and the terminal, and as thin: a request becomes a GenerateRequest, the engine's events
become its answer. Nothing of it is stored.
"""
