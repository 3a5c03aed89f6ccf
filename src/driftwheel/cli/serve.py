"""`driftwheel serve`: the server."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

if TYPE_CHECKING:
    import socket

    import uvicorn
    from fastapi import FastAPI

__all__ = ["register", "serve"]

_HOST = typer.Option(
    "--host", help="Address to listen on; 0.0.0.0 for every network. Else $DRIFTWHEEL_HOST, else 127.0.0.1."
)
_PORT = typer.Option(
    "--port", help="Port to listen on; 0 takes a free one. Else $DRIFTWHEEL_PORT, else 8080."
)
_NO_WORKER = typer.Option(
    "--no-worker", help="Measure and sum up elsewhere: in `driftwheel worker` on the same database."
)
_STOP_WITHIN = 20  # seconds for requests under way


def serve(
    host: Annotated[str | None, _HOST] = None,
    port: Annotated[int | None, _PORT] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
    no_worker: Annotated[bool, _NO_WORKER] = False,
) -> None:
    """Start the server: the API, the pages, and a worker that measures what is logged.

    The first start makes the user `admin` and prints its password, once. Stop it with Ctrl+C: requests under
    way are answered first.
    """
    from driftwheel.cli.data_options import load_settings
    from driftwheel.errors import MissingExtraError

    settings = load_settings(
        host=host,
        port=port,
        data=data,
        database_url=database_url,
        blobs=blobs,
        worker=False if no_worker else None,
    )
    try:
        from driftwheel.services.clock import utc_now
        from driftwheel.web.app import create_app
        from driftwheel.web.start import try_to_open
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("driftwheel"):
            raise
        raise MissingExtraError("The server", "server") from error
    try_to_open(settings, utc_now)
    with _listen(settings.host, settings.port) as listening:
        if not settings.port:  # the links in messages name the one that was taken
            settings = settings.model_copy(update={"port": listening.getsockname()[1]})
        app = create_app(settings, tell_password=_tell_password)
        server = _server(app, listening, f"Driftwheel keeps its data in {settings.data}")
        server.run(sockets=[listening])
    if not server.started:
        raise typer.Exit(1)


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; the real port is known before anything starts."""
    import socket

    from driftwheel.errors import UsageError

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(2048)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}. Choose another with --port."
        ) from None
    return listening


def _server(app: FastAPI, listening: socket.socket, where: str) -> uvicorn.Server:
    import uvicorn

    from driftwheel.web.security.slow_clients import ImpatientProtocol

    class Server(uvicorn.Server):
        """Says where it is as soon as it answers, and ends well when it is told to stop."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Stop on SIGTERM and Ctrl+C; a second Ctrl+C does not wait for requests under way."""
            known = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for one, handler in known.items():
                    signal.signal(one, handler)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started and not self.should_exit:
                typer.echo(f"{where}\nDriftwheel is at {_address(listening)} (stop it with Ctrl+C)")
                _flush()

    return Server(
        uvicorn.Config(
            app,
            http=ImpatientProtocol,
            loop="auto",
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_STOP_WITHIN,
        )
    )


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - a browser on this machine
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _tell_password(password: str) -> None:
    typer.echo(f"First start. Log in as admin with the password {password}\nIt is not shown again.")
    _flush()


def _flush() -> None:
    import sys

    sys.stdout.flush()


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(serve)
