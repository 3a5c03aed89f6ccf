"""Look at the machine: Python, packages, the disk under the data folder, the port."""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import socket
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from driftwheel._version import __version__
from driftwheel.services.operate.finding import Finding

__all__ = [
    "examine_disk_space",
    "examine_disk_speed",
    "examine_packages",
    "examine_permissions",
    "examine_port",
    "examine_python",
    "existing_folder",
    "file_system_of",
    "is_remote",
]

_OLDEST_PYTHON = (3, 11)
_SLOW_SYNC = 0.010  # seconds; a disk that turns, or one over a network
_SYNCS = 20
_FEW_FILES = 0.05
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "glusterfs", "ceph"})
_FORGETS = frozenset({"tmpfs", "ramfs"})
_EXTRAS = {
    "embed": "onnxruntime",
    "parquet": "pyarrow",
    "postgres": "psycopg",
    "s3": "s3fs",
    "train": "torch",
    "ray": "ray",
}


def examine_python() -> Finding:
    """The interpreter and the machine it runs on."""
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    said = f"Python {platform.python_version()}, {system}"
    if sys.version_info < _OLDEST_PYTHON:
        return Finding("Python", "fail", said, "Install Python 3.11 or newer.")
    return Finding("Python", "ok", said)


def examine_packages() -> Finding:
    """The packages of the extra ``server``, and which other extras are there."""
    needed = [
        match[0]
        for line in metadata.requires("driftwheel") or []
        if re.search(r"extra == ['\"]server['\"]", line) and "sys_platform" not in line
        if (match := re.match(r"[A-Za-z0-9_.-]+", line))
    ]
    missing = [name for name in needed if not _is_installed(name)]
    extras = [extra for extra, package in _EXTRAS.items() if _is_installed(package)]
    if missing:
        return Finding(
            "packages",
            "fail",
            f"Driftwheel {__version__} without {', '.join(missing)}",
            "Install them: pip install 'driftwheel[server]'",
        )
    listed = ", ".join(["server", *extras])
    return Finding("packages", "ok", f"Driftwheel {__version__} with the extras {listed}")


def examine_disk_space(data: Path, reserve: int) -> Finding:
    """How much is free under the data folder, beside the reserve below which nothing is accepted."""
    folder = existing_folder(data)
    free = shutil.disk_usage(folder).free
    said = f"{_size(free)} free under {folder}"
    if free < reserve:
        return Finding(
            "disk space",
            "fail",
            f"{said}, below the reserve of {_size(reserve)}: nothing is accepted",
            "Free some, keep images for fewer days, or lower DRIFTWHEEL_DISK_RESERVE_BYTES.",
        )
    if free < 2 * reserve:
        return Finding(
            "disk space",
            "warn",
            f"{said}; below {_size(reserve)} nothing more is accepted",
            "Free some, or keep images for fewer days: see retention of each model.",
        )
    if hasattr(os, "statvfs"):
        disk = os.statvfs(folder)
        if disk.f_files and disk.f_favail < _FEW_FILES * disk.f_files:
            return Finding(
                "disk space",
                "warn",
                f"{said}, but only {disk.f_favail:,} of {disk.f_files:,} files can still be made",
                "Every image is a file: make a file system with more inodes, or keep images for fewer days.",
            )
    return Finding("disk space", "ok", said)


def examine_disk_speed(data: Path, timer: Callable[[], float] = time.perf_counter) -> Finding:
    """How long the disk takes to make 4 KiB outlive a power cut: each commit and each image waits for it."""
    folder = existing_folder(data)
    kind = file_system_of(folder)
    try:
        seconds = _seconds_of_a_sync(folder, timer)
    except OSError as error:
        return Finding(
            "disk speed",
            "fail",
            f"nothing can be written in {folder}: {error.strerror or error}",
            f"Make it writable for this user, {_user()}, or name another folder with --data.",
        )
    said = f"{1000 * seconds:.1f} ms to sync a write in {folder}" + (f" ({kind})" if kind else "")
    if kind in _FORGETS:
        return Finding(
            "disk speed",
            "warn",
            f"{said}, which is memory",
            "All is lost when the machine stops: name a folder on a disk with --data.",
        )
    if seconds > _SLOW_SYNC:
        return Finding(
            "disk speed",
            "warn",
            f"{said}; at most {1 / seconds:,.0f} commits a second",
            "Put the data on a local solid-state disk, or log in batches.",
        )
    return Finding("disk speed", "ok", said)


def examine_permissions(data: Path) -> Finding:
    """Whether other users of the machine can read images and password hashes."""
    if not data.exists():
        return Finding("permissions", "ok", f"{data} is not there yet; the first start makes it")
    mode = data.stat().st_mode & 0o777
    if os.name != "nt" and mode & 0o007:
        return Finding(
            "permissions",
            "warn",
            f"every user of this machine can look into {data} (mode {mode:o})",
            f"Keep it to yourself: chmod 750 '{data}'",
        )
    return Finding("permissions", "ok", f"{data} is closed to other users (mode {mode:o})")


def examine_port(host: str, port: int) -> Finding:
    """Whether the server can listen where it should, or does already."""
    where = f"{host}, port {port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listening:
            if os.name != "nt":
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            if _answers(host, port):
                return Finding("port", "ok", f"a Driftwheel server answers at {where}")
            return Finding(
                "port",
                "fail",
                f"another program listens at {where}",
                "Stop it, or choose another port: driftwheel serve --port 8081",
            )
        advice = "Choose a port above 1023." if error.errno == errno.EACCES else "Choose another --host."
        return Finding("port", "fail", f"cannot listen at {where}: {error.strerror or error}", advice)
    return Finding("port", "ok", f"{where} is free")


def existing_folder(path: Path) -> Path:
    """Return the folder itself, or the nearest above it that is there."""
    return next((one for one in (path, *path.parents) if _is_folder(one)), Path(path.anchor))


def file_system_of(folder: Path) -> str:
    """Return the type of the file system a folder is on, as Linux names it; empty elsewhere."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return ""
    found, longest = "", -1
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        _, where, kind, *_ = line.split(" ")
        where = where.replace("\\040", " ")
        if folder.resolve().is_relative_to(where) and len(where) >= longest:
            found, longest = kind, len(where)
    return found


def is_remote(kind: str) -> bool:
    """Return whether a file system of this type is on another machine."""
    return kind in _REMOTE


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except PermissionError:
        return False


def _seconds_of_a_sync(folder: Path, timer: Callable[[], float]) -> float:
    block = os.urandom(4096)
    taken = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(_SYNCS):
            start = timer()
            file.write(block)
            os.fsync(file.fileno())
            taken.append(timer() - start)
    return statistics.median(taken)


def _answers(host: str, port: int) -> bool:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{reachable}:{port}/livez", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:,.4g} TiB"


def _user() -> str:
    return str(os.geteuid()) if hasattr(os, "geteuid") else "this one"
