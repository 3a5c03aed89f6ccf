"""Camera faults simulated on few images: in most tests a diagnosis is to be there and plainly right.

How well it names slight faults is measured in bench/diagnosis.py. The demo's week simulates
them on as many images as the product does.
"""

from __future__ import annotations

from driftwheel.services.check import simulate_faults

__all__ = ["FEW", "use_few"]

FEW = 24
"""Reference images that faults are simulated on, of 72."""


def use_few() -> None:
    """Simulate faults on few images in this process, and in those that are forked from it."""
    simulate_faults.MOST_IMAGES = FEW
