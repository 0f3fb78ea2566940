"""The inbox and everything a person does with a task of theirs."""
