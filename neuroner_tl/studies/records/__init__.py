"""What a study keeps in its folder: records of runs, their mentions, claims of workers."""
