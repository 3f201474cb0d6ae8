"""`manage.py demo`: the whole of Assay on one machine, started, used and stopped by one process."""
