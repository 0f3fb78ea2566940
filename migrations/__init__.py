"""The database's history: numbered steps that both `make run` and production go up."""
