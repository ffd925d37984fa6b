"""Search over what a person may see."""
