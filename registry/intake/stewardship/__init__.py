"""A data steward's desk: the queue of doubts, how it shrinks, how good the register is, columns of one's own."""
