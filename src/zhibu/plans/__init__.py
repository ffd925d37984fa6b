"""一表: annual tables and their lines; tallies."""
