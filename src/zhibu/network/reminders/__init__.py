"""Due and overdue, told first to the one who can act."""
