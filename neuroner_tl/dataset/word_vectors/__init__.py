"""Word vectors as a data set reads them: their files, an index of one, the look-up of a token."""
