"""Kills, pauses, silence and failing writes against the stream processors on a real Kafka."""
