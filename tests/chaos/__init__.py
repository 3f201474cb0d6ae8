"""Runs go on while workers, broker and database are killed under them: `make chaos`."""
