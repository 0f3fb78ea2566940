"""What an outsider needs to believe the book: the log of all facts, its heads outside the house, and case files."""
