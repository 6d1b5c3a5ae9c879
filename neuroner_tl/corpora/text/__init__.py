"""How text is cut: line breaks, sentences, tokens, tags."""
