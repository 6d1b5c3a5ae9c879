"""Prediction over many files: jobs, their parts, what is written, on one machine or a cluster."""
