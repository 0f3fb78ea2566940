"""到期提醒: what one is warned of, as a list, as a calendar, and for a calendar elsewhere."""
