"""Silver-standard corpora: texts annotated by lists, taggers and models, harmonised and cleaned."""
