"""A trained model where others call it: exported, in spaCy, as a service."""
