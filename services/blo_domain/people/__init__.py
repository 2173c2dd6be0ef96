"""The people of an office: who may do what, and what needs a second pair of eyes (docs/people.md).

``roles`` tells as whom a person acts at an instant, ``permissions`` is the table role × action,
``approval`` tells which steps need approval and who may give it, ``drafts`` is the way of a draft,
``handling_codes`` enforces the handling codes, ``page`` writes ``docs/people.md``.
"""
