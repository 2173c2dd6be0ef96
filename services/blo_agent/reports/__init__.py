"""The office's reports: computed from its store at a cut of the log, reviewed, signed, frozen."""
