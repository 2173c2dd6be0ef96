"""Floor 1: every struct that crosses a wire or lies on a disk, and how it is encoded."""
