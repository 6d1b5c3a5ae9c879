"""One step of training, or several at a call: gradients, clipping, optimisers, averages."""
