"""What pages show: typed values, built for one view each."""
