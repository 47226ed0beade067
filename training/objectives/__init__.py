"""What a network is trained for: one file per method."""
