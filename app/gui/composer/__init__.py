"""Where the person writes: the text, what goes with it, what waits, and how full the context is."""
