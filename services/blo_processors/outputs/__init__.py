"""A processor's outputs: encoded, published, and reconciled with what the topics hold."""
