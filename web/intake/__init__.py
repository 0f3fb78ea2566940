"""Old ledgers coming in: the file, its columns, its rows, and the act that enters them."""
