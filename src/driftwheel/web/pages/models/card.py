"""The card of a version: read on a page, added to by people, downloaded as a file."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from driftwheel.cards.card_texts import LONGEST_TEXT, mark_of
from driftwheel.cards.compose_card import compose_card
from driftwheel.cards.document import Block, Written
from driftwheel.cards.write_html import block_html
from driftwheel.errors import UsageError
from driftwheel.services.document.set_card_texts import set_card_texts
from driftwheel.web.api.cards import card_file, facts_at, version_at
from driftwheel.web.pages.rendering import render
from driftwheel.web.problems import status_of
from driftwheel.web.safe_markdown import safe_markdown
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["card_address", "router"]

router = APIRouter(
    route_class=GuardedRoute, prefix="/models/{name}/versions/{version:path}", include_in_schema=False
)

_TOLD = {"saved": "The text is kept.", "taken-back": "What was said of this version is taken back."}


def card_address(model: str, version: str) -> str:
    """Return where the card of a version is shown."""
    return f"/models/{quote(model, safe='')}/versions/{quote(version, safe='')}/card"


@router.get("/card", dependencies=[permit("read")])
def _show_card(request: Request, state: State, name: str, version: str) -> Response:
    """Show the card, with room to add to it."""
    return _page(request, state, name, version)


@router.get("/card.md", dependencies=[permit("read")])
def _markdown(state: State, name: str, version: str) -> Response:
    """Send the card as Markdown."""
    return card_file(facts_at(state, name, version), "md")


@router.get("/card.html", dependencies=[permit("read")])
def _html(state: State, name: str, version: str) -> Response:
    """Send the card as one HTML file."""
    return card_file(facts_at(state, name, version), "html")


@router.post("/card/texts", dependencies=[permit("edit-models")])
def _say(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    version: str,
    text: Annotated[str, Form(max_length=2 * LONGEST_TEXT)] = "",
    field: Annotated[str, Form(max_length=32)] = "",
    act: Annotated[str, Form(max_length=20)] = "save",
    was: Annotated[str | None, Form(max_length=64)] = None,
) -> Response:
    """Keep a text, or take back what was said of this version."""
    version_at(state, name, version)
    wanted = None if act == "take-back" else text
    try:
        set_card_texts(
            state.engine,
            name,
            version,
            {field: wanted},
            by=caller.name,
            now=state.clock(),
            was={} if was is None else {field: was},
        )
    except UsageError as error:
        return _page(request, state, name, version, wrong=str(error), given={field: text})
    told = "taken-back" if wanted is None else "saved"
    return RedirectResponse(f"{card_address(name, version)}?told={told}#text-{quote(field)}", 303)


def _page(  # noqa: PLR0917
    request: Request,
    state: Services,
    name: str,
    version: str,
    wrong: str = "",
    given: dict[str, str] | None = None,
) -> Response:
    facts = facts_at(state, name, version)
    card = compose_card(facts)

    def shown(block: Block, title: str) -> Markup:
        return block_html(block, safe_markdown, title)

    return render(
        request,
        "models/card.html.j2",
        status=status_of(UsageError(wrong)) if wrong else 200,
        card=card,
        model_name=facts.model.name,
        version_name=facts.version.name,
        here=f"/models/{quote(name, safe='')}",
        at=card_address(name, version),
        shown=shown,
        is_written=lambda block: isinstance(block, Written),
        given=given or {},
        most=LONGEST_TEXT,
        mark_of=mark_of,
        done="" if wrong else _TOLD.get(request.query_params.get("told", ""), ""),
        wrong=wrong,
    )
