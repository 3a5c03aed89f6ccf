"""`driftwheel export`: files for the tools people already run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["APP", "alertmanager", "grafana", "prometheus", "register"]

_OUTPUT = typer.Option(
    "--output", "-o", metavar="FILE", help="Write to this file instead of standard output."
)
_SCRAPE = typer.Option("--scrape", help="The scrape job instead of the rules.")

APP = typer.Typer(
    help="Export files for the tools you already run: Grafana, Prometheus, Alertmanager.",
    no_args_is_help=True,
)


@APP.command()
def grafana(output: Annotated[Path | None, _OUTPUT] = None) -> None:
    """Write the Grafana dashboard (JSON); import it under Dashboards → New → Import."""
    import json

    from driftwheel.services.grafana_dashboard import grafana_dashboard

    _write(json.dumps(grafana_dashboard(), ensure_ascii=False, indent=2) + "\n", output)


@APP.command()
def prometheus(
    scrape: Annotated[bool, _SCRAPE] = False, output: Annotated[Path | None, _OUTPUT] = None
) -> None:
    """Write recording and alerting rules for Prometheus (YAML), or its scrape job."""
    from driftwheel.services.export_monitoring import prometheus_rules, prometheus_scrape

    if scrape:
        from driftwheel.cli.data_options import load_settings

        _write(prometheus_scrape(load_settings().link_base), output)
    else:
        _write(prometheus_rules(), output)


@APP.command()
def alertmanager(output: Annotated[Path | None, _OUTPUT] = None) -> None:
    """Write a configuration of Alertmanager (YAML) with a route for what the rules raise."""
    from driftwheel.services.export_monitoring import alertmanager_route

    _write(alertmanager_route(), output)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(APP, name="export")


def _write(text: str, output: Path | None) -> None:
    from driftwheel.cli.outputs import write_text

    write_text(text, output or Path("-"))
