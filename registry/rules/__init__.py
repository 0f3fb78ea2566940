"""The rules of staffing and permits (R01-R15): tables under tables/, facts from the register, one answer."""
