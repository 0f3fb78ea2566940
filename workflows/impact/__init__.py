"""What hangs on a person, a role, a form or a type of certificate: read before it is taken away."""
