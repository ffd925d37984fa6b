"""Tasks: what was decided, followed until it is closed."""
