"""Rubato: a private desktop assistant with a chat that answers at once and a durable bulk queue."""

__version__ = "0.1.0"
