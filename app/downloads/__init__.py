"""Models come onto this machine: the catalogue, and one task process a download."""
