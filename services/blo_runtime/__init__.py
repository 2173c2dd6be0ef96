"""Floor 4: what every program shares. Configuration, clock, logs, metrics, supervision."""
