"""Model cards: read as JSON, Markdown or HTML, and the texts that people add to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from driftwheel.cards.card_facts import CardFacts, digest_of, facts_to_json
from driftwheel.cards.card_texts import LONGEST_TEXT, CardText
from driftwheel.cards.compose_card import compose_card
from driftwheel.cards.known_limits import known_limits
from driftwheel.cards.write_html import write_html
from driftwheel.cards.write_markdown import write_markdown
from driftwheel.errors import UsageError
from driftwheel.services.document.gather_card import gather_card
from driftwheel.services.document.set_card_texts import set_card_texts
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model, find_version
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model
from driftwheel.web.safe_markdown import safe_markdown
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "CardAnswer",
    "CardTextAnswer",
    "CardTextsBody",
    "card_file",
    "change_card_texts",
    "facts_at",
    "read_card",
    "router",
    "version_at",
]

router = APIRouter(
    route_class=GuardedRoute, prefix="/api/v1/models/{name}/versions/{version:path}/card", tags=["registry"]
)

CardFormat = Literal["md", "html"]

_MEDIA: dict[CardFormat, str] = {"md": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8"}
_Name = Annotated[str, Field(max_length=32)]
_Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class CardTextAnswer(BaseModel):
    """A text that somebody wrote for a card."""

    text: str = Field(description="Markdown; empty: somebody said that there is nothing to say.")
    by: str
    changed: datetime
    version: str = Field(description="The version that it was written for.")
    carried: bool = Field(description="Whether it was carried over from that earlier version.")


class CardAnswer(BaseModel):
    """A model card: the facts that it tells, what is known to be weak, and texts of people."""

    model: str
    version: str
    as_of: datetime
    digest: str = Field(description="SHA-256 of facts and texts; the same digest tells the same.")
    facts: dict[str, Any]
    limits: list[str] = Field(description="What is known to be weak, in sentences.")
    texts: dict[str, CardTextAnswer]


class CardTextsBody(BaseModel):
    """Texts of a card by name; those that are left out stay."""

    model_config = ConfigDict(extra="forbid")

    texts: dict[_Name, _Text | None] = Field(
        description="Markdown. Empty: nothing to say. null: take back what was said of this version.",
        examples=[{"intended_use": "Sorting of cloth, checked by a person."}],
    )


@router.get(
    "",
    dependencies=[permit("read")],
    response_model=CardAnswer,
    responses=problems(404) | {200: {"content": {"text/markdown": {}, "text/html": {}}}},
)
def read_card(
    name: str,
    version: str,
    state: State,
    form: Annotated[
        Literal["json", "md", "html"],
        Query(alias="format", description="md: Markdown with a front matter; html: one file for itself."),
    ] = "json",
) -> Response | CardAnswer:
    """Read the card of a version, written from what is known now."""
    facts = facts_at(state, name, version)
    if form != "json":
        return card_file(facts, form)
    return CardAnswer(
        model=name,
        version=version,
        as_of=facts.as_of,
        digest=digest_of(facts),
        facts=facts_to_json(facts),
        limits=list(known_limits(facts)),
        texts=_texts(dict(facts.texts)),
    )


@router.put("/texts", dependencies=[permit("edit-models")], responses=problems(404))
def change_card_texts(
    name: str, version: str, body: CardTextsBody, state: State, caller: Caller
) -> dict[str, CardTextAnswer]:
    """Say what only people can say of a version; the texts of its card are answered as they are then."""
    version_at(state, name, version)
    return _texts(set_card_texts(state.engine, name, version, body.texts, by=caller.name, now=state.clock()))


def facts_at(state: Services, name: str, version: str) -> CardFacts:
    """Return all that is known of a version; raise `HTTPException` (404) where there is none."""
    with reading(state.engine) as connection:
        model = _model_of(connection, name, version)
        return gather_card(connection, state.blobs, model, version, now=state.clock())


def version_at(state: Services, name: str, version: str) -> None:
    """Raise `HTTPException` (404) where there is no such version."""
    with reading(state.engine) as connection:
        _model_of(connection, name, version)


def _model_of(connection: Connection, name: str, version: str) -> Model:
    """Return the model of a version that there is; raise `HTTPException` (404) for one that there is not."""
    model = known_model(connection, name)
    try:
        find_version(connection, model, version)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None
    return model


def card_file(facts: CardFacts, form: CardFormat) -> Response:
    """Return the card as a file to keep."""
    card = compose_card(facts)
    text = write_markdown(card) if form == "md" else write_html(card, safe_markdown)
    called = f"{facts.model.name} {facts.version.name} model card.{form}".replace("/", "_")
    plain = "".join(
        one if one.isascii() and one.isprintable() and one not in '"\\' else "_" for one in called
    )
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(called, safe='')}",
        "Cache-Control": "no-store",
    }
    return Response(text.encode("utf-8", "replace"), media_type=_MEDIA[form], headers=headers)


def _texts(found: dict[str, CardText]) -> dict[str, CardTextAnswer]:
    return {
        name: CardTextAnswer(
            text=one.text, by=one.by, changed=one.changed, version=one.version, carried=one.carried
        )
        for name, one in found.items()
    }
