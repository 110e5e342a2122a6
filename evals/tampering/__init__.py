"""Whether every manipulation of the audit is reported."""
