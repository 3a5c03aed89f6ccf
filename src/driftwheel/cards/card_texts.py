"""What only people can say of a version: which texts a card has, and one of them as it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from driftwheel.errors import UsageError, did_you_mean

__all__ = ["LONGEST_TEXT", "TEXTS", "CardText", "TextField", "check_text", "mark_of", "text_field"]

LONGEST_TEXT: Final = 20_000
"""Characters of a text at most."""


@dataclass(frozen=True, slots=True)
class TextField:
    """A text that a card has room for.

    Attributes
    ----------
    name
        By which API and command line know it.
    title
        Its heading.
    hint
        What it should say.
    wanted
        Whether a card without it is not complete.
    """

    name: str
    title: str
    hint: str
    wanted: bool = False


_ALL = (
    TextField("contact", "Owner and contact", "Who answers for this model, and how to reach them.", True),
    TextField("licence", "Licence", "Under which terms the model may be used."),
    TextField("intended_use", "Intended use", "For what, by whom, on which images it is to be used.", True),
    TextField("out_of_scope", "Out of scope", "What it must not be used for.", True),
    TextField("factors", "Notes on factors", "Groups, cameras, sites, light: what may change its answers."),
    TextField("architecture", "Notes on the architecture", "What its file does not say: design, sources."),
    TextField("data", "Notes on the data", "How images were collected; consent; what they leave out."),
    TextField("training", "Notes on the training", "What a reader should know of how it was trained."),
    TextField("metrics", "Notes on the metrics", "Which errors cost most; which thresholds apply."),
    TextField("deployment", "Notes on the deployment", "Where it runs, and what acts on its answers."),
    TextField("monitoring", "Notes on monitoring", "Who is called, and what they do then."),
    TextField("history", "Notes on the history", "What alerts and promotions do not say of themselves."),
    TextField(
        "ethical_considerations",
        "Ethical considerations",
        "People who may be harmed, sensitive data, risks and what is done about them.",
        True,
    ),
    TextField("limits", "Limits and recommendations", "What it cannot do; what users should mind."),
)

TEXTS: Final[Mapping[str, TextField]] = MappingProxyType({one.name: one for one in _ALL})
"""The texts of a card by name, in the order in which it tells them."""


@dataclass(frozen=True, slots=True)
class CardText:
    """A text that somebody wrote, in Markdown.

    Attributes
    ----------
    text
        Empty: somebody said that there is nothing to say.
    version
        Name of the version that it was written for; of an earlier one it was carried over.
    carried
        Whether it was.
    """

    text: str
    by: str
    changed: datetime
    version: str
    carried: bool


def text_field(name: str) -> TextField:
    """Return the text of that name; raise `UsageError` ("Did you mean …") where a card has none."""
    if name not in TEXTS:
        raise UsageError(
            f"A model card has no text '{name:.60}'.{did_you_mean(name, TEXTS)} There are {', '.join(TEXTS)}."
        )
    return TEXTS[name]


def mark_of(text: CardText | None) -> str:
    """Return what tells a text from any other: its SHA-256, in hexadecimal; ``none`` of none."""
    return "none" if text is None else hashlib.sha256(text.text.encode()).hexdigest()


def check_text(name: str, text: str) -> str:
    r"""Return a text as it is kept: lines end in ``\n``, without spaces around it.

    Raises
    ------
    UsageError
        Where a card has no such text, it is longer than 20,000 characters, or has characters that cannot be
        seen.

    Examples
    --------
    >>> check_text("contact", " quality@mill.example\r\n")
    'quality@mill.example'
    """
    field = text_field(name)
    kept = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(kept) > LONGEST_TEXT:
        raise UsageError(
            f"The text '{field.title}' has {len(kept):,} characters; at most {LONGEST_TEXT:,} are kept."
        )
    strange = next((one for one in kept if not one.isprintable() and one not in "\n\t\u200d\u00a0"), None)
    if strange is not None:
        raise UsageError(
            f"The text '{field.title}' has the character U+{ord(strange):04X}, which cannot be "
            "seen; leave it out."
        )
    return kept
