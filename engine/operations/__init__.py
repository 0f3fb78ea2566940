"""What operators do to running instances: move tokens, migrate, repair; each previewed, each taken back exactly."""
