"""Scores of predicted entities and tags against the gold standard."""
