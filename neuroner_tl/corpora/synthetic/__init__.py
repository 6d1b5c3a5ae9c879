"""Corpora of invented text."""
