"""Floor 6: an office's node, which turns its officers' decisions into sealed events."""
