"""The files of a form as one file: a label file as it is, or several and images as one archive."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from starlette.datastructures import UploadFile

from driftwheel.errors import UsageError
from driftwheel.formats.label_files import is_image
from driftwheel.web.api.exchange import suffix_of

__all__ = ["one_file"]


def one_file(files: Sequence[UploadFile], folder: Path) -> tuple[Path, str]:
    """Write the files of a form into a folder as one, and return it with what people call it.

    Raises
    ------
    UsageError
        When there is none, or two have one name.
    """
    given = [one for one in files if one.filename]
    if not given:
        raise UsageError("Choose a file: labels, images, or a zip archive of both.")
    first = given[0].filename or ""
    if len(given) == 1 and not is_image(first):
        path = folder / "labels"
        with path.open("wb") as out:
            shutil.copyfileobj(given[0].file, out)
        with path.open("rb") as written:
            named = path.with_suffix(suffix_of(written.read(256)))
        return path.rename(named), first
    path = folder / "labels.zip"
    names: set[str] = set()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for one in given:
            name = (one.filename or "").replace("\\", "/").lstrip("/")
            if name in names:
                raise UsageError(f"Two of the files are called '{name:.100}'; give one of them another name.")
            names.add(name)
            with archive.open(name, "w") as out:
                shutil.copyfileobj(one.file, out)
    return path, first if len(given) == 1 else f"{first} and {len(given) - 1:,} more"
