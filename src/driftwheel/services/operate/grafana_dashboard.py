"""The Grafana dashboard, in Grafana's classic JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from driftwheel.services.operate.grafana_panel import Panel
from driftwheel.services.operate.grafana_panels import ROWS

__all__ = ["UID", "grafana_dashboard"]

UID = "driftwheel"
"""Stays the same, so that importing it again replaces it."""

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH = 24
_RED = [{"color": "green", "value": None}, {"color": "red", "value": 1}]
_PLAIN = [{"color": "green", "value": None}]


def grafana_dashboard() -> dict[str, Any]:
    """Return the dashboard, to be written as JSON and imported in Grafana 9 or later.

    Every panel asks the data source that is chosen at the top.
    """
    return {
        "id": None,
        "uid": UID,
        "title": "Driftwheel",
        "description": "Vision models in production: drift, alerts, and what watches them.",
        "tags": ["driftwheel"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "timezone": "browser",
        "templating": {"list": _variables()},
        "annotations": {"list": []},
        "links": [],
        "panels": list(_panels()),
    }


def _variables() -> Sequence[dict[str, Any]]:
    return [
        {
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
            "refresh": 1,
            "hide": 0,
            "multi": False,
            "includeAll": False,
            "options": [],
        },
        {
            "name": "model",
            "label": "Model",
            "type": "query",
            "datasource": _SOURCE,
            "definition": "label_values(driftwheel_firing_alerts, model)",
            "query": {"query": "label_values(driftwheel_firing_alerts, model)", "refId": "models"},
            "refresh": 2,
            "sort": 1,
            "hide": 0,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "options": [],
        },
    ]


def _panels() -> Iterator[dict[str, Any]]:
    number, y = 0, 0
    for row, panels in ROWS:
        number += 1
        place = {"x": 0, "y": y, "w": _WIDTH, "h": 1}
        yield {"id": number, "type": "row", "title": row, "collapsed": False, "gridPos": place, "panels": []}
        y += 1
        x, height = 0, 0
        for panel in panels:
            if x + panel.width > _WIDTH:
                x, y = 0, y + height
            height = 4 if panel.kind == "stat" else 8
            number += 1
            yield _panel(number, panel, {"x": x, "y": y, "w": panel.width, "h": height})
            x += panel.width
        y += height


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {
            "refId": chr(ord("A") + i),
            "datasource": _SOURCE,
            "expr": expr,
            "legendFormat": legend or "__auto",
            "range": panel.kind != "stat",
            "instant": panel.kind == "stat",
        }
        for i, (expr, legend) in enumerate(panel.queries)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _options(panel),
    }


def _field(panel: Panel) -> dict[str, Any]:
    steps = _RED if panel.red else _PLAIN
    field: dict[str, Any] = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "stat" or panel.red:
        field["color"] = {"mode": "thresholds"}
    if panel.states:
        known = {
            str(value): {"text": words, "color": colour, "index": place}
            for place, (value, words, colour) in enumerate(panel.states)
        }
        field["mappings"] = [{"type": "value", "options": known}]
    if panel.kind == "timeseries":
        scale = {"type": "log", "log": 10} if panel.log else {"type": "linear"}
        field["custom"] = {"lineWidth": 1, "fillOpacity": 0, "showPoints": "auto", "scaleDistribution": scale}
        if panel.least is not None:
            field["min"] = panel.least
    if panel.top is not None:
        field["max"] = panel.top
    return field


def _options(panel: Panel) -> dict[str, Any]:
    match panel.kind:
        case "stat":
            return {
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                "colorMode": "background_solid" if panel.red else "value",
                "graphMode": "none",
                "textMode": "value",
            }
        case "state-timeline":
            return {"mergeValues": True, "showValue": "never", "rowHeight": 0.8}
        case _:
            return {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }
