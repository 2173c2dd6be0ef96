"""``python -m blo_cli``: the same as ``blo``."""

from blo_cli.main import main

if __name__ == "__main__":
    main()
