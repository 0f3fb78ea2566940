"""Old ledgers come in: read, laid out, understood, checked, previewed, committed in one transaction, undone whole.

`reading`, `layout`, `meaning` and `judging` are pure and know no database; `batch` keeps what they found; `matching`
compares it with the register; `preview`, `entry`, `withdrawal` and `settlement` are acts, `work` runs the long ones.
"""
