"""The commit: what a batch brings enters the register in one transaction."""
