"""The window: the only package that imports Qt. Widgets call Core through the bridge and are told by its events."""
