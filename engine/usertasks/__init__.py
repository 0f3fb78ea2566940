"""User tasks: who may do one, its verbs, the signatures and votes around it, and what the loser of a race reads."""
