"""One run, from a parameter file to scores: its data, its folder and its listeners."""
