"""What people send: forms that read it and say what is wrong."""
