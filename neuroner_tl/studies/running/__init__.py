"""Execution of the runs of a study: jobs, scheduler, workers, verification."""
