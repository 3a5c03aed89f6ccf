"""What the address of a model's performance page chooses: a segment, a version, and a span of windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from driftwheel.services.watch.watch_model import SPANS
from driftwheel.web.pages.models.watch_view import WatchView, read_view
from driftwheel.web.pages.rendering import address

__all__ = ["PerformanceView", "read_performance_view"]


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """A choice; what is None or empty was not chosen.

    Attributes
    ----------
    watch
        Model, segment and span, as the model's own page chooses them.
    version
        Of the model; None for all.
    """

    watch: WatchView
    version: str | None = None

    @property
    def path(self) -> str:
        """The page's address without a choice."""
        return f"{self.watch.path}/performance"

    def to(self, **changes: object) -> str:
        """Return the address of the page with another choice."""
        version = changes.pop("version", self.version)
        chosen = replace(self.watch, **changes)  # type: ignore[arg-type]
        query = {name: chosen.query()[name] for name in ("segment", "until")} | {"span": str(chosen.count)}
        return address(self.path, query | ({} if version is None else {"version": version}))


def read_performance_view(model: str, window: str, query: Mapping[str, str]) -> PerformanceView:
    """Return what an address chooses; what cannot be understood is as if it were not there."""
    watch = read_view(model, window, query)
    if "span" not in query:
        watch = replace(watch, count=SPANS[window][1] if window == "day" else SPANS[window][0])
    return PerformanceView(watch, query.get("version"))
