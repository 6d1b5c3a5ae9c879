"""The kinds of studies, a file each."""
