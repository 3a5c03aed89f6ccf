"""What the address of a model's page chooses: a segment, a span of windows, and one cell of the heat map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

from markupsafe import Markup

from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.services.watch.watch_model import SPANS
from driftwheel.web.pages.rendering import address, moment

__all__ = ["WatchView", "images_address", "read_view", "window_moment", "window_words"]


@dataclass(frozen=True, slots=True)
class WatchView:
    """A choice; what is None or empty was not chosen.

    Attributes
    ----------
    model, window
        The model's name, and ``hour``, ``day`` or ``week``.
    tag, value
        The segment; empty for the whole model.
    count
        Windows side by side.
    until
        A moment in the last of them.
    at, moved
        The window, and the name of the property, of the cell that is looked into.
    every
        Whether all properties are shown, not those that moved most.
    """

    model: str
    window: str
    tag: str = ""
    value: str = ""
    count: int = 14
    until: datetime | None = None
    at: datetime | None = None
    moved: str = ""
    every: bool = False

    @property
    def path(self) -> str:
        """The page's address without a choice."""
        return f"/models/{quote(self.model, safe='')}"

    @property
    def segment(self) -> str:
        """The segment as the address names it."""
        return f"{self.tag}={self.value}" if self.tag else ""

    def query(self) -> dict[str, str]:
        """Return the choice as an address holds it; what is usual is left out."""
        usual = SPANS[self.window][0]
        return {
            "segment": self.segment,
            "span": "" if self.count == usual else str(self.count),
            "until": _written(self.until),
            "rows": "all" if self.every else "",
            "at": _written(self.at),
            "property": self.moved,
        }

    def cell(self) -> Callable[[datetime, str], str]:
        """Return what makes addresses of cells, of which a page has many: of a window and a property."""
        base = replace(self, at=None, moved="").to()
        joint = "&" if "?" in base else "?"

        def to(at: datetime, moved: str = "") -> str:
            written = _written(at).replace(":", "%3A")
            return f"{base}{joint}at={written}" + (f"&property={moved}" if moved else "")

        return to

    def to(self, **changes: object) -> str:
        """Return the address of the page with another choice."""
        return address(self.path, replace(self, **changes).query())  # type: ignore[arg-type]


def read_view(model: str, window: str, query: Mapping[str, str]) -> WatchView:
    """Return what an address chooses; what cannot be understood is as if it were not there."""
    tag, _, value = query.get("segment", "").partition("=")
    spans = SPANS[window]
    given = query.get("span", "")
    count = next((one for one in spans if str(one) == given), spans[0])
    name = query.get("property", "")
    return WatchView(
        model,
        window,
        tag if value else "",
        value if tag else "",
        count,
        _moment(query.get("until", "")),
        _moment(query.get("at", "")),
        name if name in PROPERTY_NAMES else "",
        query.get("rows") == "all",
    )


def images_address(model: str, start: datetime, end: datetime, tag: str = "", value: str = "") -> str:
    """Return where the images of a window of a segment are listed."""
    since, until = (f"{each:%Y-%m-%dT%H:%MZ}" for each in (start, end))
    segment = f"{tag}={value}" if tag else ""
    return address("/images", {"model": model, "since": since, "until": until, "tag": segment})


def window_moment(start: datetime, window: str) -> Markup:
    """Return a window's start as a ``<time>``: of an hour in the viewer's zone, else the day in UTC."""
    return moment(start, "minute" if window == "hour" else "short-day")


def window_words(start: datetime, window: str) -> str:
    """Return a window's start in plain text: of an hour in UTC, which scripts write in the viewer's zone.

    Examples
    --------
    >>> window_words(datetime(2026, 11, 3, 9, tzinfo=UTC), "day")
    'Nov 3'
    >>> window_words(datetime(2026, 11, 3, 9, tzinfo=UTC), "hour")
    '2026-11-03 09:00 UTC'
    """
    if window == "hour":
        return f"{start:%Y-%m-%d %H:%M} UTC"
    return f"{start:%b} {start.day}" if window == "day" else f"week of {start:%b} {start.day}"


def _written(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None or not 1971 <= found.year <= 9000:
        return None
    return found.astimezone(UTC)
