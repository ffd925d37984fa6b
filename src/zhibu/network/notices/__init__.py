"""Notices: told in the application, by mail and by chat robots."""
