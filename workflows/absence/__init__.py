"""People who are away and people who leave: what becomes of what lies with them."""
