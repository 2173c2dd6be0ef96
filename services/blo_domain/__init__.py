"""Floor 2: the pure rules. No I/O, no clock, no randomness; time and documents come in."""
