"""Nobody is surprised: alerts before a certificate ends, whom they climb to, notices, and the sweeps over due days."""
