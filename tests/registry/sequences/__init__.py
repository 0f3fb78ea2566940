"""Random lives of certificates against a model: a play (what is done), a model (what must then be so), an oracle."""
