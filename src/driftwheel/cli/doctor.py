"""`driftwheel doctor`: whether the installation is well."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

__all__ = ["doctor", "register"]

_JSON = typer.Option("--json", help="Print JSON instead of lines.")
_COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


def doctor(
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Look an installation over: one line for each part, ok, warn or fail, and what to do.

    It may run or not, or not have been started yet. Exit codes: 0 all is well or there are warnings only,
    1 something fails.
    """
    from dataclasses import asdict

    from driftwheel.cli.data_options import load_settings
    from driftwheel.cli.exit_codes import EXIT_ERROR
    from driftwheel.cli.outputs import write_json
    from driftwheel.services.clock import utc_now
    from driftwheel.services.operate.examine_installation import examine_installation

    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    findings = []
    for finding in examine_installation(settings, now=utc_now()):
        findings.append(finding)
        if not as_json:
            typer.secho(f"{finding.state:<5}", fg=_COLOURS[finding.state], nl=False)
            typer.echo(f"{finding.subject:<12} {finding.message}")
            if finding.advice:
                typer.echo(f"{'':<18}→ {finding.advice}")
    if as_json:
        write_json({"findings": [asdict(finding) for finding in findings]}, Path("-"))
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(EXIT_ERROR)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(doctor)
