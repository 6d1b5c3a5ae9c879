"""File formats of corpora, a file each."""
