"""The conversation: one widget a message, Markdown rendered as it streams, and the view that scrolls them."""
