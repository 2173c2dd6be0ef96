"""Search in what the office may read: texts of events and notes, their index, the answers."""
