"""Look an installation over, and say of each part whether it is well and what to do: what `doctor` prints."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from driftwheel.errors import DriftwheelError
from driftwheel.services.operate import examine_machine as machine
from driftwheel.services.operate.finding import Finding
from driftwheel.services.watch.choose_segments import MOST_VALUES
from driftwheel.settings import Settings
from driftwheel.store.access.users import list_users
from driftwheel.store.engine.database import error_text, open_database, reading, sqlite_file
from driftwheel.store.engine.migrate import is_current
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import list_models
from driftwheel.store.operate.health import count_workflows, database_health, latest_time
from driftwheel.store.records.records import count_received
from driftwheel.store.windows.segment_values import newest_left_out

__all__ = ["examine_installation"]

_CLOCK_MAY_DIFFER = timedelta(seconds=2)
_MUCH = 0.5  # of the records that may wait


def examine_installation(settings: Settings, *, now: datetime) -> Iterator[Finding]:
    """Yield what is found, one part after the other. Nothing is made that was not there, and nothing is left.

    Parameters
    ----------
    settings
        Of the installation; it may not have been started yet.
    now
        This machine's time, in UTC.
    """
    parts: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
        ("Python", lambda: [machine.examine_python()]),
        ("packages", lambda: [machine.examine_packages()]),
        ("settings", lambda: [_examine_settings(settings)]),
        ("permissions", lambda: [machine.examine_permissions(settings.data)]),
        ("disk space", lambda: [machine.examine_disk_space(settings.data, settings.disk_reserve_bytes)]),
        ("disk speed", lambda: [machine.examine_disk_speed(settings.data)]),
        ("images", lambda: [_examine_blobs(settings)]),
        ("database", lambda: _examine_database(settings, now)),
        ("workflows", lambda: [_examine_workflows(settings)]),
        ("port", lambda: [machine.examine_port(settings.host, settings.port)]),
    )
    for subject, look in parts:
        try:
            yield from look()
        except OSError as error:
            advice = "Give this command as the user that the server runs as."
            yield Finding(subject, "fail", f"cannot be looked at: {error}", advice)


def _examine_settings(settings: Settings) -> Finding:
    open_to_all = settings.host not in {"127.0.0.1", "localhost", "::1"}
    if "*" in settings.allowed_hosts:
        return Finding(
            "settings",
            "warn",
            "every host name is allowed, so pages elsewhere can reach this server by a name of their own",
            "Name the hosts in DRIFTWHEEL_ALLOWED_HOSTS.",
        )
    if open_to_all and settings.secure_cookies == "never":
        return Finding(
            "settings",
            "warn",
            f"listens on {settings.host}, and log-ins may travel unencrypted",
            "Put a proxy with HTTPS before it and set DRIFTWHEEL_SECURE_COOKIES=auto.",
        )
    if settings.max_image_bytes > settings.max_body_bytes:
        return Finding(
            "settings",
            "warn",
            f"an image may have {settings.max_image_bytes:,} bytes, a body only {settings.max_body_bytes:,}",
            "Raise DRIFTWHEEL_MAX_BODY_BYTES, or lower DRIFTWHEEL_MAX_IMAGE_BYTES.",
        )
    return Finding("settings", "ok", f"data in {settings.data}")


def _examine_blobs(settings: Settings) -> Finding:
    local = settings.blobs.removeprefix("file://")
    if "://" not in local and not Path(local).exists():
        above = next(path for path in Path(local).absolute().parents if path.exists())
        if above.is_dir() and os.access(above, os.W_OK):
            return Finding("images", "ok", f"{local} is not there yet; the first start makes it")
    try:
        blobs = Blobs.open(settings.blobs)
        probe = os.urandom(1024)
        digest = blobs.put(probe)
        same = blobs.get(digest) == probe
        blobs.delete(digest)
    except (OSError, DriftwheelError) as error:
        return Finding(
            "images",
            "fail",
            f"nothing can be kept at {settings.blobs}: {error}",
            "Check DRIFTWHEEL_BLOBS, and that this user may write there.",
        )
    if not same:
        return Finding(
            "images", "fail", f"{settings.blobs} does not give back what is put there", "Use another place."
        )
    return Finding("images", "ok", f"{settings.blobs} keeps, gives back and deletes")


def _examine_database(settings: Settings, now: datetime) -> Iterator[Finding]:
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        yield Finding("database", "ok", f"{file} is not there yet; the first start makes it")
        return
    engine = open_database(settings.database_url)
    try:
        yield from _examine_tables(engine, settings, now)
    finally:
        engine.dispose()


def _examine_tables(engine: Engine, settings: Settings, now: datetime) -> Iterator[Finding]:
    try:
        health = database_health(engine)
        current = is_current(engine)
    except DBAPIError as error:
        yield Finding(
            "database",
            "fail",
            f"cannot be opened: {error_text(error)}",
            "Check DRIFTWHEEL_DATABASE_URL, and that the database server runs.",
        )
        return
    said = f"{health.version}, {health.size / 2**20:,.1f} MiB"
    file = sqlite_file(settings.database_url)
    kind = "" if file is None else machine.file_system_of(file.parent)
    if not current:
        yield Finding(
            "database",
            "fail",
            f"{said}, its tables are not those of this release",
            "Back it up with the release that wrote it; then `driftwheel serve` brings it up to date.",
        )
        return
    if machine.is_remote(kind):
        yield Finding(
            "database",
            "warn",
            f"{said}, on another machine's disk ({kind}), where SQLite's locks are not to be trusted",
            "Keep the data on a local disk, or use PostgreSQL.",
        )
    else:
        yield Finding("database", "ok", f"{said}, tables of this release")
    with reading(engine) as connection:
        waiting = count_received(connection)
        left_out = newest_left_out(connection)
        names = {one.key: one.name for one in list_models(connection)}
        admins = sum(user.role == "admin" and user.active for user in list_users(connection))
    yield _about_waiting(waiting, settings)
    yield _about_segments({names[model]: number for model, number in left_out.items() if model in names})
    if admins:
        yield Finding("users", "ok", f"{admins} active admin{'s' if admins > 1 else ''}")
    else:
        yield Finding("users", "warn", "no active admin", "Make one: driftwheel users add NAME --role admin")
    yield _about_clock(health.clock or latest_time(engine), now, of_database=health.clock is not None)


def _about_segments(left_out: Mapping[str, int]) -> Finding:
    over = {name: number for name, number in sorted(left_out.items()) if number}
    if not over:
        return Finding("segments", "ok", "none is left out of the newest windows")
    said = ", ".join(f"'{name}' {number:,}" for name, number in list(over.items())[:3])
    more = f" and {len(over) - 3:,} more models" if len(over) > 3 else ""
    return Finding(
        "segments",
        "warn",
        f"too many values of tags, so that some count in the whole model only: {said}{more}",
        f"A window has {MOST_VALUES} segments of a tag. Take tags with few values, such as cameras, as "
        "segment tags; or look which token sends so many.",
    )


def _about_waiting(waiting: int, settings: Settings) -> Finding:
    said = f"{waiting:,} of at most {settings.queue_records:,} records wait to be measured"
    if waiting > _MUCH * settings.queue_records:
        return Finding(
            "queue",
            "warn",
            said,
            "Start `driftwheel worker` on another machine (PostgreSQL), or send fewer images.",
        )
    return Finding("queue", "ok", said)


def _about_clock(other: datetime | None, now: datetime, *, of_database: bool) -> Finding:
    said = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if other is None:
        return Finding("clock", "ok", said)
    if of_database and abs(now - other) > _CLOCK_MAY_DIFFER:
        return Finding(
            "clock",
            "warn",
            f"{said}; the database's differs by {abs((now - other).total_seconds()):,.0f} s",
            "Set both by NTP, for example with systemd-timesyncd or chrony.",
        )
    if other - now > _CLOCK_MAY_DIFFER:
        return Finding(
            "clock",
            "warn",
            f"{said}; the last that was logged is from {other:%Y-%m-%d %H:%M:%S} UTC",
            "The clock was set back, or was wrong then. Set it by NTP.",
        )
    return Finding("clock", "ok", said)


def _examine_workflows(settings: Settings) -> Finding:
    file = sqlite_file(settings.system_database_url)
    if file is not None and not file.exists():
        return Finding("workflows", "ok", f"{file} is not there yet; the first start makes it")
    try:
        counts = count_workflows(settings.system_database_url)
    except DBAPIError as error:
        return Finding(
            "workflows",
            "fail",
            f"what DBOS keeps cannot be read: {error_text(error)}",
            "See the database." if file is None else f"Stop the server, move {file} aside; work begins anew.",
        )
    if counts is None:
        return Finding("workflows", "ok", "DBOS has not made its tables yet; the first start makes them")
    listed = ", ".join(f"{count:,} {status.lower()}" for status, count in sorted(counts.items()))
    return Finding("workflows", "ok", listed or "none yet")
