"""Word vectors: trained on texts, looked into, cut down and converted."""
