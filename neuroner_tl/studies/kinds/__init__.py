"""The kinds of studies, a file each, and the results that they read."""
