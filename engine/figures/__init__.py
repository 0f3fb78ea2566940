"""How often and how long, per element and day: sums of what `history.times` tells exactly but slowly."""
