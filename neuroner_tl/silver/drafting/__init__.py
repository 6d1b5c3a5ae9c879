"""The definition of a silver corpus for a new class, drafted from what there is."""
