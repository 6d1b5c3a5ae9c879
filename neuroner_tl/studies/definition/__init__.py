"""What a study is: its definition and the runs that follow from it."""
