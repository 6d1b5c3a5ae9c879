"""Silver-standard corpora: annotate, harmonise, clean."""
