"""Studies: several runs that are compared, their definition, and the table that they give."""
