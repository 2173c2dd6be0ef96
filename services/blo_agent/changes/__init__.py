"""What has changed, for whoever asks, listens, or has given an address (docs/changes.md)."""
