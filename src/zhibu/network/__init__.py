"""一网: what is read and done across the tree."""
