"""What an office must do next, by when, and what it waits for (docs/inbox.md).

``turns`` says whose turn it is in a case, ``tasks`` what is open in it and which clock runs,
``entries`` the kinds of entries of the inbox, their order and who they are for, ``receipts`` how far
an event has come at the counterparts, and what proves it.
"""
