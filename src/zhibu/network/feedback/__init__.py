"""Feedback: what does not work comes up, and is answered."""
