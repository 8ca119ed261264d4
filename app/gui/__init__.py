"""The window: the only package that imports Qt. Widgets call Core through the bridge and hear its events."""
