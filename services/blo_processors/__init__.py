"""Floor 6: the stream processors. Current case state, escalation alerts and audit trail (docs/wire-format.md §8).

State is a function of the log (docs/architecture.md, "What each hop promises"). ``LinkFoldState``
folds one link. ``LinkWorker`` keeps the link's outputs on Kafka equal to that fold. The Faust app
only shares out the links among workers.
"""
