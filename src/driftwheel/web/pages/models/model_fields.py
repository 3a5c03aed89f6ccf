"""Fields that the forms of a model share: names in a text, the embedder as a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from driftwheel.learning.load_embedder import EMBEDDERS
from driftwheel.services.access.authorise import Identity, allows
from driftwheel.services.measure.choose_embedder import choose_embedder

__all__ = ["EmbedderField", "embedder_field", "names_of_lines", "names_with_commas", "read_embedder"]

_WORDS = {
    "auto": "auto: EfficientNet-Lite0 where it is installed, else GIST",
    "gist": "gist: layout and texture, in every installation",
    "efficientnet-lite0": "efficientnet-lite0: content, with the extra embed",
    "none": "none: properties only",
}
_FILE = "file"


@dataclass(frozen=True, slots=True)
class EmbedderField:
    """The choice: value and words of each, the one that is chosen, whether a path may be named, and it."""

    choices: tuple[tuple[str, str], ...]
    chosen: str
    paths: bool
    path: str


def embedder_field(caller: Identity, chosen: str = "auto", *, now: str | None = None) -> EmbedderField:
    """Return the choice for a caller; `now` is the model's present embedder, which may stay."""
    paths = allows(caller, "administer")
    choices = [(name, _WORDS.get(name, name)) for name in EMBEDDERS]
    if paths:
        choices.append((_FILE, "An ONNX file on the server"))
    elif now is not None and now not in EMBEDDERS:
        choices.insert(0, (now, f"{now}: as it is"))
    known = chosen in dict(choices) and chosen != _FILE
    return EmbedderField(
        tuple(choices),
        chosen if known else _FILE if paths else "auto",
        paths,
        "" if known or not paths else chosen,
    )


def read_embedder(caller: Identity, chosen: str, path: str, *, now: str | None = None) -> str:
    """Return the embedder that a form names; raise `UsageError` where the caller may not name it."""
    wanted = path if chosen == _FILE else chosen
    return choose_embedder(wanted, paths=allows(caller, "administer"), now=now)


def names_of_lines(text: str) -> tuple[str, ...]:
    """Return names of which each has a line of its own; they may hold commas."""
    return tuple(filter(None, map(str.strip, text.splitlines())))


def names_with_commas(text: str, now: Sequence[str] = ()) -> tuple[str, ...]:
    """Return names with commas between them; `now` where the text is still as it was written of them."""
    if text.strip() == ", ".join(now):
        return tuple(now)
    return tuple(filter(None, map(str.strip, text.split(","))))
