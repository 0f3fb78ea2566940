"""A task of a request in people's hands: drawn, judged, passed on, signed, given back."""
