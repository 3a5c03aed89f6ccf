"""Driftwheel: notice when the images a vision model sees drift, say what changed and whether it hurts.

>>> import driftwheel as dw
>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> scenes = [rng.integers(0, 200, (32, 32, 3), dtype=np.uint8) for _ in range(60)]
>>> brighter = [np.minimum(scene + 40, 255).astype(np.uint8) for scene in scenes]
>>> dw.check(scenes, brighter, embedder="none", diagnose=False).verdict.verdict
'drift'
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from driftwheel._version import __version__
from driftwheel.errors import DriftwheelError

if TYPE_CHECKING:
    from driftwheel.services.check.check_images import check_images as check
    from driftwheel.services.check.profile_images import profile_images as profile

__all__ = ["DriftwheelError", "__version__", "check", "profile"]


def __getattr__(name: str) -> Any:
    """Load the two verbs on first use, so that importing the package costs nothing."""
    if name == "check":
        from driftwheel.services.check.check_images import check_images

        return check_images
    if name == "profile":
        from driftwheel.services.check.profile_images import profile_images

        return profile_images
    raise AttributeError(f"module 'driftwheel' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__


if "IPython" in sys.modules:  # a notebook: let results show as pictures and tables
    from driftwheel.notebook import register

    register()
