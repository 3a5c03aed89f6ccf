"""`driftwheel export`: files for the tools people already run, and one of what is configured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

__all__ = ["APP", "alertmanager", "grafana", "mlflow", "prometheus", "register", "toml"]

_OUTPUT = typer.Option(
    "--output", "-o", metavar="FILE", help="Write to this file instead of standard output."
)
_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_VERSION = typer.Argument(metavar="VERSION", help="The version's name.")
_URI = typer.Option("--uri", help="Of the tracking server, such as http://mlflow:5000.")
_NAME = typer.Option("--name", help="Of the registered model there; by default the model's.")
_SCRAPE = typer.Option("--scrape", help="The scrape job instead of the rules.")

APP = typer.Typer(
    help="Export files for the tools you already run, and what is configured here.",
    no_args_is_help=True,
)


@APP.command()
def grafana(output: Annotated[Path | None, _OUTPUT] = None) -> None:
    """Write the Grafana dashboard (JSON); import it under Dashboards → New → Import."""
    import json

    from driftwheel.services.operate.grafana_dashboard import grafana_dashboard

    _write(json.dumps(grafana_dashboard(), ensure_ascii=False, indent=2) + "\n", output)


@APP.command()
def prometheus(
    scrape: Annotated[bool, _SCRAPE] = False, output: Annotated[Path | None, _OUTPUT] = None
) -> None:
    """Write recording and alerting rules for Prometheus (YAML), or its scrape job."""
    from driftwheel.services.operate.export_monitoring import prometheus_rules, prometheus_scrape

    if scrape:
        from driftwheel.cli.data_options import load_settings

        _write(prometheus_scrape(load_settings().link_base), output)
    else:
        _write(prometheus_rules(), output)


@APP.command()
def alertmanager(output: Annotated[Path | None, _OUTPUT] = None) -> None:
    """Write a configuration of Alertmanager (YAML) with a route for what the rules raise."""
    from driftwheel.services.operate.export_monitoring import alertmanager_route

    _write(alertmanager_route(), output)


@APP.command()
def mlflow(
    model: Annotated[str, _MODEL],
    version: Annotated[str, _VERSION],
    uri: Annotated[str, _URI],
    name: Annotated[str | None, _NAME] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Register a version with MLflow: its file, its numbers, and the aliases champion and challenger."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.services.release.export_mlflow import export_to_mlflow
    from driftwheel.store.files.blobs import Blobs

    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine:
        kept = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes)
        made = export_to_mlflow(engine, kept, model, version, uri=uri, name=name)
    typer.echo(f"MLflow has {made.name} version {made.version}, run {made.run}")


@APP.command()
def toml(
    output: Annotated[Path | None, _OUTPUT] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
) -> None:
    """Write models, monitors, policies of wheels, channels (TOML); change it, then `driftwheel apply`."""
    from driftwheel.cli.data_options import load_settings, open_installation
    from driftwheel.services.operate.export_configuration import export_configuration
    from driftwheel.store.engine.database import reading

    settings = load_settings(data=data, database_url=database_url)
    with open_installation(settings) as engine, reading(engine) as connection:
        text = export_configuration(connection)
    _write(text, output)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(APP, name="export")


def _write(text: str, output: Path | None) -> None:
    from driftwheel.cli.outputs import write_text

    write_text(text, output or Path("-"))
