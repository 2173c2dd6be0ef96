"""Questions about the past: a link's state as of an instant, and what another policy would give."""
