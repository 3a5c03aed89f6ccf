"""The two databases that the tests of the service run on: SQLite in a file, PostgreSQL as a real server.

The server is started once a test session (and once for all workers of pytest-xdist), from Debian's package
`postgresql` or whatever is on the path. It refuses to run as root: then it runs as the user `postgres`, or
`nobody`.
"""

from __future__ import annotations

import atexit
import functools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg
import pytest
from sqlalchemy import Engine

from driftwheel.store.engine.database import open_database
from driftwheel.store.engine.migrate import migrate

__all__ = [
    "PostgresServer",
    "database",
    "database_url",
    "empty_database",
    "migrated_file",
    "migrated_postgresql",
    "migrated_sqlite",
    "new_database",
    "postgres_server",
    "running_postgres",
]


@dataclass(frozen=True)
class PostgresServer:
    """A running server that listens in `socket` only; everyone on this machine is its superuser."""

    socket: Path

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.socket}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def kill_one(self, url: str) -> None:
        """Kill a process that serves the database of a URL; the server then restarts itself."""
        with psycopg.connect(url) as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() ORDER BY state = 'active' DESC LIMIT 1"
            ).fetchone()
        assert found is not None
        os.kill(found[0], signal.SIGKILL)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server of this session, without fsync as none of it is to be kept; skips where there is none."""
    with running_postgres("off") as server:
        if server is None:
            pytest.skip("There is no PostgreSQL here; install the package `postgresql`.")
        yield server


@contextmanager
def running_postgres(fsync: Literal["on", "off"]) -> Iterator[PostgresServer | None]:
    """A server of its own; None where there is no PostgreSQL."""
    programs = _programs()
    if programs is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="dw-pg-", dir="/tmp"))  # short: a socket's path has 107 bytes
    user = _user(folder)
    data = folder / "data"
    try:
        ways = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"]
        _run([str(programs / "initdb"), "-D", str(data), *ways], user)
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=200"
        options += f" -c fsync={fsync}"
        start = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", "60", "-o", options]
        _run([*start, "-l", str(folder / "log"), "start"], user)
        try:
            yield PostgresServer(folder)
        finally:
            _run([str(programs / "pg_ctl"), "-D", str(data), "-w", "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(folder)


@functools.cache
def migrated_file() -> Path:
    """An SQLite file with the tables of this release and nothing in them, to copy; made once in a process."""
    folder = tempfile.mkdtemp(prefix="dw-migrated-")
    atexit.register(shutil.rmtree, folder)
    path = Path(folder) / "driftwheel.sqlite"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    assert [one.name for one in path.parent.iterdir()] == [path.name]  # nothing is left in a log
    return path


@pytest.fixture(scope="session")
def migrated_sqlite() -> Path:
    """A file with the tables of this release and nothing in them, to copy."""
    return migrated_file()


@pytest.fixture(scope="session")
def migrated_postgresql(postgres_server: PostgresServer) -> str:
    """The name of a database with the tables of this release and nothing in them, to copy."""
    name = f"migrated_{uuid.uuid4().hex}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    engine = open_database(postgres_server.url(name))
    migrate(engine)
    engine.dispose()
    return name


@contextmanager
def new_database(kind: str, request: pytest.FixtureRequest, folder: Path, *, tables: bool) -> Iterator[str]:
    """The URL of a database that is new, on SQLite in `folder` or on PostgreSQL, with tables or without."""
    if kind == "sqlite":
        path = folder / "driftwheel.sqlite"
        if tables:
            shutil.copyfile(migrated_file(), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    template = f" TEMPLATE {request.getfixturevalue('migrated_postgresql')}" if tables else ""
    server.execute(f"CREATE DATABASE {name}{template}")
    try:
        yield server.url(name)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that is new, on each of the two; empty unless the test asks for `database`."""
    tables = "database" in request.fixturenames
    with new_database(request.param, request, tmp_path, tables=tables) as url:
        yield url


@pytest.fixture
def empty_database(database_url: str) -> Iterator[Engine]:
    """An open database without any table."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def database(empty_database: Engine) -> Engine:
    """An open database with the tables of this release, on each of the two; `database_url` made them."""
    return empty_database


def _programs() -> Path | None:
    found = shutil.which("pg_ctl")
    here = [Path(found).resolve().parent] if found else []
    for folder in [*here, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    return None


def _user(folder: Path) -> pwd.struct_passwd | None:
    """Return whom to run the server as, who then owns `folder`; None: whom the tests run as."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return user


def _run(command: Sequence[str], user: pwd.struct_passwd | None) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    done = subprocess.run(
        command,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=environment,
        user=None if user is None else user.pw_uid,
        group=None if user is None else user.pw_gid,
        extra_groups=None if user is None else [],
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}")
