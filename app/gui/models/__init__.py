"""The page of models: what is on this machine, what could be, what is on its way."""
