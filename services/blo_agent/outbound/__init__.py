"""From the outbox to the log: events, grants, heads, and the switch that takes the line down."""
