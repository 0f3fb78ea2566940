"""Units, persons, machines and their identifiers."""

from registry.people import tenure as _tenure  # noqa: F401 - what ends with a person's last day adds itself
