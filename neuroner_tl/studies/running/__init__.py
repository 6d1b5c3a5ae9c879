"""How the runs of a study are made: store, claims, scheduler, workers."""
