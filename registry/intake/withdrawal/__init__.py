"""The undo of a whole batch, and what stands in its way."""
