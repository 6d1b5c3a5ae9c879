"""The speed of training and prediction, compared with other implementations."""
