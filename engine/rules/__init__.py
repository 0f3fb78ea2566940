"""The rules of the lint, one function each, by what they look at."""
