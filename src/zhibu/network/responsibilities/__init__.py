"""What each person is responsible for, and how it stands."""
