"""Floor 6: the stream processors. Current case state, escalation alerts and audit trail (docs/wire-format.md §8).

State is a function of the log (docs/architecture.md, "What each hop promises"): ``LinkState`` folds one link, ``LinkWorker`` keeps its
outputs on Kafka equal to that fold, and the Faust app around them only says which links are whose.
"""
