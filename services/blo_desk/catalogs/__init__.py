"""The catalogs of messages: one ``.po`` file for each language but English.

``python -m blo_desk.catalogs.update`` takes new messages from the templates and the code into all of
them, and takes away what nothing says any more.
"""
