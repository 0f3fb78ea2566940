"""The second face of a drawing: the same file as an approval list, read and edited by people who do not draw."""
