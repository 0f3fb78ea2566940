"""Findings settled, before the commit in the batch and after it in the register."""
