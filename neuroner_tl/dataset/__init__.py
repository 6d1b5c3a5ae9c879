"""The array side: vocabulary, word vectors, encoded corpora and batches."""
