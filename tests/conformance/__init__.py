"""Outside examinations."""
