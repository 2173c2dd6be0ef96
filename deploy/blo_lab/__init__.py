"""The lab: a network of offices on one machine, with a Kafka of its own, and the demo in it."""
