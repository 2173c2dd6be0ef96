"""A link at a processor: its fold, cases, clocks, and worker."""
