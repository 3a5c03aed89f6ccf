"""What people said of a version, and of those before it: texts are carried over until others are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from driftwheel.cards.card_texts import TEXTS, CardText
from driftwheel.store.models.card_texts import StoredCardText

__all__ = ["card_texts_of"]


def card_texts_of(
    stored: Sequence[StoredCardText], version: int, names: Mapping[int, str]
) -> dict[str, CardText]:
    """Return the texts of a version by name, in the order of `TEXTS`; one that nobody wrote is left out.

    A text holds for the version that it was written for and for the later ones, until one of them gets its
    own. One that was taken back is as if it had never been written.

    Parameters
    ----------
    stored
        All of the model, the oldest first.
    version
        Its key; versions were added in the order of their keys.
    names
        Of versions, by key.
    """
    held: dict[str, dict[int, StoredCardText]] = {}
    for one in stored:
        if one.version <= version:
            held.setdefault(one.name, {})[one.version] = one
    found: dict[str, CardText] = {}
    for name in TEXTS:
        kept = {key: one for key, one in held.get(name, {}).items() if one.text is not None}
        if kept:
            its = kept[max(kept)]
            found[name] = CardText(
                its.text or "",
                its.by,
                its.changed,
                names.get(its.version, f"version {its.version}"),
                its.version != version,
            )
    return found
