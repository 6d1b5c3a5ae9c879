"""What users are shown: text from outside made safe, hints for misspelt names."""
