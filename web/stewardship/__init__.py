"""The steward's queue: findings about the register's data, and what is done about each."""
