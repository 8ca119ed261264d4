"""One job in place of the conversation: its figures, its items, and one of them whole."""
