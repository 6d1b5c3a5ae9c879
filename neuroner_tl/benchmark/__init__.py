"""The speed of training and prediction, measured beside other implementations."""
