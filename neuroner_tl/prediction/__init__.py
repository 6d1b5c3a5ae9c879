"""Tagging of new text with a trained model."""
