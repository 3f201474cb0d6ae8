"""What others take with them: one format a file."""
