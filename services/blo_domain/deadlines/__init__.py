"""Deadlines and escalation: pure, in words in docs/deadlines.md (docs/domain.md §3).

``kinds`` says which clocks a kind has, ``fold`` what they need of a case's steps, ``calendars`` how
an office counts days, ``terms`` what was agreed when, ``plan`` when a clock is due, ``evaluate``
where it stands and which alerts there are; ``health`` does the same for links, ``responses``
compares offices.
"""
