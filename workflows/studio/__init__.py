"""Where process owners change drawings, tables and forms before they are published."""
