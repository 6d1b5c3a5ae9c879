"""Studies: several runs that are compared in one table."""
