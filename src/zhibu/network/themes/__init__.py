"""Themes and campaigns that run through lines, records and texts."""
