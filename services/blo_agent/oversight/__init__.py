"""What processors publish, held against what the office's own log gives."""
