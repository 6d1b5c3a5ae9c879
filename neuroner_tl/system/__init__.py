"""The machine: files written whole, locks, threads, signals, memory."""
