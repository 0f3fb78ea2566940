"""Old ledgers come in: read, laid out, understood, checked, previewed, committed in one transaction, undone whole."""
