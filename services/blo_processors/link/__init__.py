"""One link at a processor: its fold, its cases, its clocks, and the worker that runs them."""
