"""Training: the step, the optimisers, the loop, checkpoints and transfer."""
