"""Beginning a request: what may be asked for by whom, with which form, and what stands against it."""
