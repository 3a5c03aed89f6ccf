"""Files for the tools people already run: rules and a scrape job for Prometheus, a route for Alertmanager."""

from __future__ import annotations

from importlib.resources import files
from urllib.parse import urlsplit

__all__ = ["alertmanager_route", "prometheus_rules", "prometheus_scrape"]


def prometheus_rules() -> str:
    """Return recording and alerting rules, for `rule_files` of Prometheus."""
    return _file("rules.yml")


def prometheus_scrape(address: str | None) -> str:
    """Return the scrape job for a server at this address, such as ``https://driftwheel.example.com``.

    None: for one on this machine.
    """
    parts = urlsplit(address or "http://localhost:8080")
    text = _file("scrape.yml").replace("{scheme}", parts.scheme).replace("{target}", parts.netloc)
    path = parts.path.rstrip("/")
    return text if not path else f"{text}    metrics_path: {path}/metrics\n"


def alertmanager_route() -> str:
    """Return a whole configuration of Alertmanager with a route for what `prometheus_rules` raise."""
    return _file("alertmanager.yml")


def _file(name: str) -> str:
    return (files("driftwheel.services.operate") / "monitoring_files" / name).read_text("utf-8")
