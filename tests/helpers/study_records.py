"""Records of studies, compared."""

# What depends on when and where a run was made, not on what it computes.
CIRCUMSTANCES = (
    "seconds",
    "cpu_seconds",
    "cpu_seconds_to_best",
    "epoch_cpu_seconds",
    "finished_at",
    "host",
    "folder",
    "predictions",
    "versions",
    "code",
    "run_with",
)


def comparable(record):
    """A record without what depends on when and where the run was made."""
    return {name: value for name, value in record.items() if name not in CIRCUMSTANCES}
