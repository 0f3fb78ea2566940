"""Where the paper lies: originals, who has borrowed them, when they are spoken for, and marked copies."""
