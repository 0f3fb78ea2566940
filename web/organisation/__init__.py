"""Companies, projects, people, machines, and what happens to them."""
