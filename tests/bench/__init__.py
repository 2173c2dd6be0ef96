"""Measurements with bars (``make bench``); ``docs/performance.md`` says what each of them means."""
