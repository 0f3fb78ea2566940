"""What process owners work with before anything is in force: drafts, their merging, comparing, rehearsal."""
