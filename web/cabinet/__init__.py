"""Papers: originals, who has them, and marked copies."""
