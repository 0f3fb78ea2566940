"""Templates: what an alert says in a group's own words, in place of the shipped sentences of wording.py."""
