"""`driftwheel card`: the card of a version as a file, and the texts that people add to it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL

__all__ = ["CardFormat", "card", "register"]


class CardFormat(StrEnum):
    """In which form a card is written."""

    md = "md"
    html = "html"
    json = "json"


_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_VERSION = typer.Argument(metavar="VERSION", help="The version's name.")
_FORMAT = typer.Option("--format", help="md: Markdown. html: one file for itself. json: the facts.")
_OUTPUT = typer.Option("--output", "-o", metavar="FILE", help="Write to this file, not to standard output.")
_TEXT = typer.Option(
    "--text",
    metavar="NAME=TEXT",
    help="First set a text of the card; of NAME=@FILE that of a file. Can be given several times.",
)
_TAKE_BACK = typer.Option(
    "--take-back", metavar="NAME", help="First take back what was said of this version under this name."
)


def card(
    model: Annotated[str, _MODEL],
    version: Annotated[str, _VERSION],
    form: Annotated[CardFormat, _FORMAT] = CardFormat.md,
    output: Annotated[Path | None, _OUTPUT] = None,
    text: Annotated[list[str] | None, _TEXT] = None,
    take_back: Annotated[list[str] | None, _TAKE_BACK] = None,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Write the card of a version: what it is, how it was made, how well it does, what befell it."""
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.outputs import must_be_writable, write_text
    from driftwheel.services.clock import utc_now
    from driftwheel.services.document.gather_card import gather_card
    from driftwheel.services.document.set_card_texts import set_card_texts
    from driftwheel.store.engine.database import reading
    from driftwheel.store.files.blobs import Blobs
    from driftwheel.store.models.models import find_model

    if output is not None:
        must_be_writable(output)
    wanted = _texts(text or (), take_back or ())
    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine:
        kept = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes)
        if wanted:
            set_card_texts(engine, model, version, wanted, by=acting_user(), now=utc_now())
        with reading(engine) as connection:
            known = find_model(connection, model)
            facts = gather_card(connection, kept, known, version, now=utc_now())
    if form is CardFormat.json:
        import json

        from driftwheel.cards.card_facts import digest_of, facts_to_json

        plain = facts_to_json(facts) | {"digest": digest_of(facts)}
        written = json.dumps(plain, ensure_ascii=False, indent=2) + "\n"
    else:
        from driftwheel.cards.compose_card import compose_card
        from driftwheel.cards.write_html import write_html
        from driftwheel.cards.write_markdown import write_markdown
        from driftwheel.web.safe_markdown import safe_markdown

        made = compose_card(facts)
        written = write_markdown(made) if form is CardFormat.md else write_html(made, safe_markdown)
    if output is None:
        typer.echo(written, nl=False)
    else:
        write_text(written, output)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(card)


def _texts(given: Sequence[str], back: Sequence[str]) -> dict[str, str | None]:
    from driftwheel.errors import UsageError

    found: dict[str, str | None] = dict.fromkeys(back)
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not name:
            raise UsageError(f"'{one[:60]}' is no text; give its name and what it says, as contact=Ann Lee.")
        if name in found:
            raise UsageError(f"The text '{name[:60]}' is given twice; give it once.")
        found[name] = _read(Path(text[1:])) if text.startswith("@") else text
    return found


def _read(path: Path) -> str:
    from driftwheel.errors import UsageError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise UsageError(f"Cannot read '{path}': {reason}.") from None
