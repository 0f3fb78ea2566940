"""Letters: alerts as they leave the house - by which line, to whom, when, what came of it. The database's part."""
