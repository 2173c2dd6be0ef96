"""The annual report: what is counted, by which rules, and what can be checked of the result."""
