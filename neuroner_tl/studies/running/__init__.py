"""Execution of the runs of a study: store, claims, scheduler, workers."""
