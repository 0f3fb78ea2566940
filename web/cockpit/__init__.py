"""What keeps the processes running: requests under way, what failed, what waits, where time goes, how the site is."""
