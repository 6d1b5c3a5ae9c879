"""Parameters: their schema, values, files and documentation."""
