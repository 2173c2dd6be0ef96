"""Floor 5: from records to verdicts and views. Agents, processors and auditors fold the same code."""
