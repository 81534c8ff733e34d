"""What is tried, a file for each kind."""
