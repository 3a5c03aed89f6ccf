"""Write the demo's images into a folder of its own, and never into one that holds something else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from driftwheel.demo.camera_image import camera_image
from driftwheel.demo.shot import Shot
from driftwheel.errors import UsageError

__all__ = ["ABOUT", "TEXTILE", "check_folder", "clear_folder", "write_week"]

ABOUT = "ABOUT.txt"
"""The file by which a folder is known as one that the demo made."""

_FIRST_LINE = "Made by `driftwheel demo`, which replaces everything in this folder when it runs again."

TEXTILE = """
The images show simulated textile; they are those of the package conformal-clip-data, (c) 2025 Megahed,
MIT licence."""
"""What is told of images of textile."""

_MADE_UP = "Cameras and times are made up, and so are the faults of the right camera."


def check_folder(folder: Path) -> None:
    """See that `folder` is one that may be cleared: it is not there, is empty, or was made by the demo.

    Raises
    ------
    UsageError
        When it holds files that the demo did not put there, or is no folder.
    """
    about = folder / ABOUT
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a new folder with --out.")
    ours = about.is_file() and about.read_text(encoding="utf-8").startswith(_FIRST_LINE)
    if folder.is_dir() and any(folder.iterdir()) and not ours:
        raise UsageError(f"{folder} is not empty and was not made by the demo; name a new folder with --out.")


def clear_folder(folder: Path, terms: str = "") -> None:
    """Make `folder` empty but for its ``ABOUT.txt``, creating it when it is not there.

    Parameters
    ----------
    terms
        What is told there of the images: whose they are.

    Raises
    ------
    UsageError
        As `check_folder` does.
    """
    check_folder(folder)
    about = folder / ABOUT
    for child in folder.iterdir() if folder.is_dir() else ():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        elif child != about:
            child.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    about.write_text(f"{_FIRST_LINE}\n{terms}\n{_MADE_UP}\n", encoding="utf-8")


def write_week(
    folder: Path,
    shots: Sequence[Shot],
    *,
    fault: str,
    seed: int,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Write every shot as ``folder/day/name``: byte for byte, or given `fault` and stored again as it was.

    `on_progress` receives 1 for every image written.
    """
    for shot in shots:
        target = folder / shot.folder / shot.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(camera_image(shot, fault, seed))
        if on_progress is not None:
            on_progress(1)
