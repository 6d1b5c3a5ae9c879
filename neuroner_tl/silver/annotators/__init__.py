"""Annotators of silver corpora: term lists, files of other taggers, trained models."""
