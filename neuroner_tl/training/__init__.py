"""Training: the loop, its events and schedule, checkpoints and transfer."""
