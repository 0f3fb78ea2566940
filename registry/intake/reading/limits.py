"""How much a spreadsheet may hold. Room for a group's whole register (120,000 certificates), and not for much more."""

MEGABYTE = 1_000_000
MOST_BYTES = 50 * MEGABYTE
"""Of the file as it lies on the disk."""
MOST_UNPACKED = 500 * MEGABYTE
"""Of all parts of a workbook together, unpacked."""
MOST_PARTS = 10_000
"""Files inside an .xlsx; each picture is one."""
MOST_SHEETS = 1_000
MOST_ROWS = 200_000
"""Of all sheets together, and the number of the last row with content; rows that hold nothing but formats count."""
MOST_COLUMNS = 200
MOST_CELLS = 5_000_000
"""Cells of all sheets together, empty formatted ones too."""
MOST_AREA = 10 * MEGABYTE
"""Rows times columns of one sheet."""
MOST_STRINGS = 3_000_000
MOST_TEXT = 150 * MEGABYTE
"""Bytes of all texts of all cells: one long text may be repeated by a million cells at no cost to the sender."""
MOST_MARKS = 300_000
"""Merged areas, links or pictures of a book."""
MOST_CHARACTERS = 131_072
"""Of one field of a text file: Excel keeps 32,767, the permit registers of cities write longer ones."""
MOST_LINES = 500
"""Lines of one row of a text file: more means that a quotation mark was never closed."""
MOST_TAGS = 400_000
"""Of a part that is read as a tree (styles, drawings)."""
MOST_SMALL = 16 * MEGABYTE
"""Bytes of such a part, and of one row of a sheet."""

MOST_FORMULA, MOST_DEPTH = 8_192, 64
"""Characters and nested brackets of a formula: what Excel itself accepts."""
MOST_EXPANDED = 10_000_000
"""Characters that a formula joining texts may come to."""
MOST_FILLED = 1_000_000
"""Cells that one formula may fill."""
MOST_JOINING = 300_000
"""Formulas that join texts."""

SCANNING_BYTES, SCANNING_SECONDS = 260 * MEGABYTE, 4
"""Address space and processor time of the child until it knows what the file holds."""
READING_BYTES = 1_600 * MEGABYTE
"""The most it may get after that, for a file within every bound above."""
READING_SECONDS = 60
"""Wall time for a whole file."""
