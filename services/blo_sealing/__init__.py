"""Floor 3: cryptography. Keys, sealing and opening events, signatures, Merkle trees, notes.

The only importer of ``cryptography`` and PyNaCl. Checkpoints and proofs as text are in
``blo_sealing.tlog``.
"""
