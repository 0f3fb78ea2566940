"""Going back: to an earlier step, to what was before one's own act, to life after the end; and what survives it."""
