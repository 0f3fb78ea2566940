"""Rehearsal: what another drawing would have made of instances, told from what they were given. Nothing runs twice."""
