"""Other systems on a run's corpus, scored as its own network is: spaCy, published predictions."""
