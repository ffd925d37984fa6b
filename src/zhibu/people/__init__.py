"""Accounts, and which role may do which verb."""
