"""A request as its applicant and everybody concerned sees it: where it stands, its story, its clocks, what is said."""
