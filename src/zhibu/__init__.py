"""Zhibu (支部): one norm, one table, one handbook and one network for every party branch."""
