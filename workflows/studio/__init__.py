"""What process owners do with a model before it is released: drafts, imports, what it says to applicants."""
