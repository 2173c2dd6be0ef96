"""One module per concept of the store: plain functions over a ``Transaction`` or a ``Snapshot``.

A function that takes a ``Snapshot`` only reads, and works inside a transaction as well.
"""
