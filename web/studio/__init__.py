"""What process owners work in: drafts, editors, the approval list, comparing, rehearsal, releases."""
