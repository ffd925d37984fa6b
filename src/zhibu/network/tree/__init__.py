"""Changes of the tree as a whole: what moves, what ends, what follows in tables and tallies."""
