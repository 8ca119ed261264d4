"""LaTeX becomes pictures, in a process of its own; the only package that imports ziamath."""
