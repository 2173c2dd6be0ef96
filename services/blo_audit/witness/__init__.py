"""The witness: follows each link's log, signs its tree, and collects the offices' cosignatures.

``link`` decides which tree may be signed, ``state`` keeps the signed trees, ``worker`` reads and
writes the log, ``main`` is the program.
"""
