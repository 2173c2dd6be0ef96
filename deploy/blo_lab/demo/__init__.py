"""The demo: a scenario played through real agents on a real Kafka, reported and checked."""
