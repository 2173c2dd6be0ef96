"""Files of steps: taken in, sent beside their events, fetched, checked and handed out."""
