"""Getting in: who is let in by what, who is kept waiting, what must be done before anything else."""
