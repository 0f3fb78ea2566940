"""`make bench`: the bars of the design, measured side by side in one run, one JSON object a line."""
