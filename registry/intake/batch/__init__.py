"""A batch at rest: its tables, its sealed cells, who works on it and for whom, how far it has come."""
