"""Timers, deadlines in working days, the clocks and their ledger, and what silence means."""
