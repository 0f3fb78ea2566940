"""What people share about a request: comments, copies, urgings, questions to outsiders, signatures by hand."""
