"""Which version of a process is in force, where and from when: one asks, another decides, one press takes it back."""
