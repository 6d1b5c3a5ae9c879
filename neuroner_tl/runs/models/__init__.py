"""A trained model as a thing to pass on: its card, its description, its archive."""
