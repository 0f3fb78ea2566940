"""Messages and signals: from outside, between instances, and as the start of one."""
