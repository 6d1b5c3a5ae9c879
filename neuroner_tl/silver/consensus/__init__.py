"""From the spans of several annotators to mentions: votes, label model, boundaries."""
