"""Dissemination: texts sent down, and whom they reached."""
