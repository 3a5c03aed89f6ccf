"""Say what only people can say of a version, for its card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Engine

from driftwheel.cards.card_texts import CardText, check_text, mark_of, text_field
from driftwheel.errors import UsageError
from driftwheel.services.document.card_texts_of import card_texts_of
from driftwheel.store.engine.database import writing
from driftwheel.store.models.card_texts import add_card_text, list_card_texts
from driftwheel.store.models.models import find_model, find_version, list_versions, lock_model
from driftwheel.store.operate.audit import note

__all__ = ["set_card_texts"]


def set_card_texts(
    engine: Engine,
    model: str,
    version: str,
    texts: Mapping[str, str | None],
    *,
    by: str,
    now: datetime,
    was: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, CardText]:
    """Set texts of a version's card, all or none, and return all that it has then. Noted in the audit.

    What was said before is kept. A text that is as it was is left alone, with who wrote it.

    Parameters
    ----------
    texts
        By name, in Markdown. Empty: there is nothing to say. None: take back what was said of this version,
        so that what an earlier version has holds again.
    was
        `mark_of` texts as whoever writes saw them: what somebody else has written since is not lost.

    Raises
    ------
    UsageError
        When there is no such model, version or text, a text cannot be kept, or it is another by now.
    """
    if not texts:
        raise UsageError("No text was given; name at least one.")
    wanted = {
        name: None if text is None else check_text(name, text)
        for name, text in texts.items()
        if text_field(name)
    }
    with writing(engine) as connection:
        known = find_model(connection, model)
        lock_model(connection, known.key)
        its = find_version(connection, known, version)
        names = {one.key: one.name for one in list_versions(connection, known.key)}
        held = card_texts_of(list_card_texts(connection, known.key), its.key, names)
        changed = []
        for name, text in wanted.items():
            before = held.get(name)
            _check_unchanged(name, before, text, was.get(name))
            own = before is not None and not before.carried
            if text is None and not own:
                continue
            if before is not None and before.text == text:
                continue
            add_card_text(connection, known.key, its.key, name, text, changed=now, by=by)
            changed.append(name)
        if changed:
            details = {"version": its.name, "texts": sorted(changed)}
            note(connection, now, by, "change model card", known.name, details)
        return card_texts_of(list_card_texts(connection, known.key), its.key, names)


def _check_unchanged(name: str, before: CardText | None, text: str | None, was: str | None) -> None:
    """Refuse to write over what somebody else has written since."""
    if was is None or was == mark_of(before) or (before is not None and before.text == text):
        return
    whose = "taken back" if before is None else f"changed by {before.by}"
    raise UsageError(
        f"The text '{text_field(name).title}' was {whose} meanwhile, and yours is not kept yet: look at what "
        "it says now, then keep yours once more."
    )
