"""What is done to a consensus before it is a corpus: blacklist, abbreviations, selection."""
