"""What officers ask for: where a command is accepted, and where contents are disclosed."""
