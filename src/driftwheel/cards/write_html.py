"""A card as one HTML file that needs nothing else: its figures are drawn in it, and it prints."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from importlib import resources

from markupsafe import Markup

from driftwheel.cards.card_texts import CardText
from driftwheel.cards.card_words import moment
from driftwheel.cards.document import (
    Block,
    Bullets,
    Card,
    Drawing,
    Grid,
    Heading,
    Prose,
    Terms,
    Written,
)
from driftwheel.report.printable import printable

__all__ = ["block_html", "write_html"]

_FILE = Markup(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}: model card</title>\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src {allowed}; '
    "base-uri 'none'; form-action 'none'\">\n<style>{style}</style></head>\n"
    '<body><main class="model-card"><header><p class="kind">Model card</p><h1>{title}</h1>'
    '<p class="as-of">As of <time datetime="{exact}">{moment}</time></p></header>\n'
    '<nav aria-label="Sections"><ol>{links}</ol></nav>\n{body}</main></body></html>\n'
)
_SECTION = Markup('<section id="{}"><h2>{}</h2>\n{}</section>\n')


def write_html(card: Card, markdown: Callable[[str], Markup]) -> str:
    """Return a card as one HTML document.

    Parameters
    ----------
    markdown
        Turns a person's Markdown into HTML that can do nothing but be read.
    """
    style = _style("card_file.css") + _style("card_blocks.css")
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    body = Markup().join(
        _SECTION.format(
            one.name, one.title, Markup().join(block_html(block, markdown, one.title) for block in one.blocks)
        )
        for one in card.sections
    )
    links = Markup().join(
        Markup('<li><a href="#{}">{}</a></li>').format(one.name, one.title) for one in card.sections
    )
    return _FILE.format(
        title=card.title,
        allowed=f"'sha256-{allowed}'",
        style=Markup(style),  # noqa: S704 - our own file
        exact=card.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        moment=moment(card.as_of),
        links=links,
        body=body,
    )


def block_html(  # noqa: PLR0911  one for each kind
    block: Block, markdown: Callable[[str], Markup], title: str = ""
) -> Markup:
    """Return a block as HTML; its classes are those of ``card_blocks.css``.

    Parameters
    ----------
    title
        Of the section, which no text in it repeats.
    """
    match block:
        case Prose():
            return Markup('<p class="{}">{}</p>\n').format(block.tone, block.text)
        case Heading():
            return Markup("<h3>{}</h3>\n").format(block.text)
        case Terms():
            rows = Markup().join(Markup("<dt>{}</dt><dd>{}</dd>").format(*row) for row in block.rows)
            return Markup("<dl>{}</dl>\n").format(rows)
        case Bullets():
            return Markup("<ul>{}</ul>\n").format(
                Markup().join(Markup("<li>{}</li>").format(one) for one in block.items)
            )
        case Grid():
            return _grid(block)
        case Drawing():
            below = Markup()
            if block.table is not None:
                below = Markup("<details><summary>The numbers</summary>{}</details>").format(
                    _grid(block.table)
                )
            return Markup("<figure><figcaption>{}</figcaption>{}{}</figure>\n").format(
                block.title, block.picture, below
            )
        case Written():
            return _written(block, markdown, title) if block.is_told else Markup()


def _grid(grid: Grid) -> Markup:
    caption = Markup("<caption>{}</caption>").format(grid.title) if grid.title else Markup()

    def cell(tag: str, column: int, text: str) -> Markup:
        kind = Markup(' class="n"') if column in grid.numbers else Markup()
        scope = Markup(' scope="col"') if tag == "th" else Markup()
        return Markup("<{}{}{}>{}</{}>").format(Markup(tag), scope, kind, text, Markup(tag))  # noqa: S704

    head = Markup().join(cell("th", column, text) for column, text in enumerate(grid.head))
    rows = Markup().join(
        Markup("<tr>{}</tr>").format(
            Markup().join(cell("td", column, text) for column, text in enumerate(row))
        )
        for row in grid.rows
    )
    table = '<div class="wide"><table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>\n'
    return Markup(table).format(caption, head, rows)  # noqa: S704


def _written(block: Written, markdown: Callable[[str], Markup], title: str) -> Markup:
    heading = Markup() if block.field.title == title else Markup("<h3>{}</h3>").format(block.field.title)
    return Markup('<div class="written">{}{}</div>\n').format(heading, _said(block.text, markdown))


def _said(text: CardText | None, markdown: Callable[[str], Markup]) -> Markup:
    if text is None:
        return Markup('<p class="nothing">Nobody has said anything on this yet.</p>')
    said = (
        markdown(text.text)
        if text.text
        else Markup('<p class="nothing">There is nothing to say on this.</p>')
    )
    carried = f", carried over from version {printable(text.version)}" if text.carried else ""
    return Markup('{}<p class="by">Written by {}, {}{}.</p>').format(
        said, printable(text.by), moment(text.changed), carried
    )


@cache
def _style(name: str) -> str:
    return resources.files("driftwheel.cards").joinpath(name).read_text(encoding="utf-8")
