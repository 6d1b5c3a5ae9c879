"""Public corpora, the only ones that are fetched from the network."""
