"""Notices to people, and the sweep over due certificate timers."""
