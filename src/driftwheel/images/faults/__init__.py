"""Camera faults given to images on purpose: to recognise them in production, and to train against them."""

from __future__ import annotations

from driftwheel.images.faults.compression import compression_quality
from driftwheel.images.faults.fault import SEVERITIES, Chance, Fault
from driftwheel.images.faults.frozen_frame import frozen_order
from driftwheel.images.faults.table import FAULT_NAMES, FAULTS, apply_fault, fault_named

__all__ = [
    "FAULTS",
    "FAULT_NAMES",
    "SEVERITIES",
    "Chance",
    "Fault",
    "apply_fault",
    "compression_quality",
    "fault_named",
    "frozen_order",
]
