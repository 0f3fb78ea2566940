"""How much lies with whom, and what would happen to it if somebody were away."""
