"""A folder of spreadsheets and scans, as an inventory: what there is, what is wrong with it, and how good it is.

It needs no database and changes nothing: it is what a firm learns about its ledgers before it brings them in.
"""

from registry.intake.inventory.taking import take_stock

__all__ = ["take_stock"]
