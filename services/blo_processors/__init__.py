"""Floor 5: the stream processors. Current case state, escalation alerts and audit trail (DESIGN §4).

State is a function of the log (DESIGN §9): ``LinkState`` folds one link, ``LinkWorker`` keeps its
outputs on Kafka equal to that fold, and the Faust app around them only says which links are whose.
"""
