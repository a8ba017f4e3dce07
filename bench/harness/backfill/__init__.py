"""The backfill: how fast snapshots are read and loaded, beside what others use for the same."""
