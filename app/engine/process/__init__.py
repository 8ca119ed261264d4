"""Everything in this package runs inside the engine process, on its step thread unless a module says otherwise."""
