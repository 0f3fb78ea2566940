"""Certificates: types, numbers, immutable versions, standing, timers."""
