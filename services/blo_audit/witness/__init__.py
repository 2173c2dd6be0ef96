"""The witness: follows each link's log, signs its tree, and collects the offices' cosignatures.

``link`` decides what may be signed, ``state`` keeps what was, ``worker`` goes between them and the
log, ``app`` is the program.
"""
