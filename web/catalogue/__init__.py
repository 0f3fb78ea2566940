"""What is known beforehand: types of certificates, rules, working days, processes."""
