"""The text side: documents, readers, writers, tokens, tags and splits."""
