"""Floor 6: the audit. Replays the log and proves it, offline, to someone who trusts nobody (docs/audit.md).

``replay`` reads every record again and says what is wrong; ``witness`` signs each link's tree;
``bundle`` carries a selection with its proofs; ``reports`` freezes a period's figures.
"""
