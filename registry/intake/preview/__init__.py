"""Before the commit: a file is received, laid out, its columns confirmed, its rows judged and stored to be seen."""
