"""The people of the office: accounts, log-in, sessions, and as whom somebody acts (docs/people.md)."""
