"""`python -m driftwheel` is the command `driftwheel`."""

from __future__ import annotations

from driftwheel.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
