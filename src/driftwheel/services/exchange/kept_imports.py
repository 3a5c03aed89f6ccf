"""Label files that are uploaded first and read later: what one would do is shown, then a worker reads it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.losses import Loss
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.crash_points import reach
from driftwheel.services.exchange.brought_images import Bringing
from driftwheel.services.exchange.import_count import ImportAs
from driftwheel.services.exchange.import_labels import check_labels, read_into
from driftwheel.services.exchange.import_report import report_of
from driftwheel.services.exchange.take_labels import Taking
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.label_imports import (
    LabelImport,
    add_import,
    delete_import,
    import_by_key,
    old_checked,
    set_import,
)

__all__ = [
    "begin_import",
    "discard_import",
    "forget_checked",
    "import_of_project",
    "keep_upload",
    "read_kept",
]

_KEPT = timedelta(days=2)  # that nobody has decided of
_LONGEST_NAME = 256


def keep_upload(
    engine: Engine,
    project: int,
    pool: int,
    file: Path,
    what: ImportAs,
    *,
    name: str,
    options: LabelOptions,
    bringing: Bringing,
    by: str,
    now: datetime,
) -> LabelImport:
    """Keep a label file, or an archive of labels and images, and say what reading it would do.

    Its report is that of `check_labels`; nothing of the project is changed. `begin_import` has a worker read
    it, `discard_import` forgets it, and after two days it is forgotten by itself.

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError, LabelFormatError
        When it cannot be read: the message says why and where.
    StorageFullError, OSError
        When it cannot be kept.
    """
    found = check_labels(engine, project, pool, file, what, now=now, options=options, bringing=bringing)
    data = file.read_bytes()
    digest = bringing.blobs.put(data)
    with writing(engine) as connection:
        made = add_import(
            connection,
            project=project,
            pool=pool,
            name=name[:_LONGEST_NAME],
            what=what,
            state="checked",
            file=digest,
            options=_plain(options) | {"ending": file.suffix},
            images=0,
            report=report_of(found),
            reason=None,
            time=now,
            by=by,
        )
    if not bringing.blobs.exists(digest):  # see Blobs.delete
        bringing.blobs.put(data)
    return made


def import_of_project(engine: Engine, project: int, key: int) -> LabelImport:
    """Return an import of a project; raise `LookupError` where it has none of that key."""
    with reading(engine) as connection:
        found = import_by_key(connection, key)
    if found is None or found.project != project:
        raise LookupError(f"The project has no import {key}.")
    return found


def begin_import(engine: Engine, project: int, key: int, *, by: str) -> LabelImport:
    """Have a worker read a file that was kept, and return its import.

    Raises
    ------
    LookupError
        When the project has no such import.
    UsageError
        When it was begun already.
    """
    import_of_project(engine, project, key)
    with writing(engine) as connection:
        found = import_by_key(connection, key, locked=True)
        if found is None or found.state != "checked":
            raise UsageError(f"The import {key} was begun already, or discarded.")
        set_import(connection, key, state="waiting", by=by)
        return import_by_key(connection, key) or found


def discard_import(engine: Engine, project: int, key: int) -> None:
    """Forget a file that was kept and not read.

    Raises
    ------
    LookupError
        When the project has no such import.
    UsageError
        When it was begun already.
    """
    import_of_project(engine, project, key)
    with writing(engine) as connection:
        found = import_by_key(connection, key, locked=True)
        if found is None or found.state != "checked":
            raise UsageError(f"The import {key} was begun already; undo it instead.")
        delete_import(connection, key)


def forget_checked(engine: Engine, *, now: datetime) -> int:
    """Forget files that nobody has decided of for two days, and return how many those were."""
    with writing(engine) as connection:
        old = old_checked(connection, now - _KEPT)
        for one in old:
            delete_import(connection, one.key)
    return len(old)


def read_kept(engine: Engine, key: int, bringing: Bringing, *, now: datetime) -> str:
    """Read a file that was kept, and return the state of its import; called again, it goes on.

    Why it cannot be read is kept with it. How far it is can be read beside it.
    """
    with writing(engine) as connection:
        found = import_by_key(connection, key, locked=True)
        if found is None or found.state not in {"waiting", "reading"} or found.file is None:
            return "gone" if found is None else found.state
        set_import(connection, key, state="reading", images=0)
    looked_at = 0

    def told(_: str, done: int, __: int | None) -> None:
        nonlocal looked_at
        looked_at += done
        with writing(engine) as connection:
            set_import(connection, key, images=looked_at)
        reach("import-part-read")

    try:
        with reading(engine) as connection:
            project, pool = pool_of_project(connection, found.project, found.pool)
        taking = Taking(project, pool, found.what, found.by, now, key)  # type: ignore[arg-type]
        with _file_of(bringing, found) as file:
            read_into(engine, taking, file, _options(found.options), bringing, on_progress=told)
    except (DriftwheelError, LookupError, FileNotFoundError) as error:
        reason = "The file is no longer kept." if isinstance(error, FileNotFoundError) else str(error)
        with writing(engine) as connection:
            set_import(connection, key, state="failed", reason=reason, file=None, ended=now)
        return "failed"
    return "done"


@contextmanager
def _file_of(bringing: Bringing, found: LabelImport) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = (Path(folder) / "labels").with_suffix(str(found.options["ending"]))
        path.write_bytes(bringing.blobs.get(found.file or b""))
        yield path


def _plain(options: LabelOptions) -> dict[str, Any]:
    return {
        "format": None if options.from_format is None else options.from_format.value,
        "answers": options.answers,
        "allow": sorted(one.value for one in options.allow),
    }


def _options(plain: Mapping[str, Any]) -> LabelOptions:
    return LabelOptions(
        from_format=None if plain["format"] is None else LabelFormat(plain["format"]),
        answers=plain["answers"],
        allow=frozenset(Loss(one) for one in plain["allow"]),
    )
