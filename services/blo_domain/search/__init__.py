"""Searching texts in Vietnamese, Lao, Chinese and English: ``tokens`` parts, ``query`` asks, ``highlights`` marks."""
