"""The office's report to the level above, written from the data."""
