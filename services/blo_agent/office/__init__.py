"""The office's state: what it knows of its links, keys, members and cases, in the store's thread."""
