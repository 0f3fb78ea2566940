"""Random lives of certificates and their papers: a play (what is done), a model (what must then be so), an oracle."""
