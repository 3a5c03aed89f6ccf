"""A person's Markdown within a document: no HTML, no script behind a link, no title above the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["harmless_markdown"]

_HTML = re.compile(r"<(?!(?:https?://|mailto:)[^\s<>]*>)(?=[A-Za-z/!?])")
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_SCHEMES = {"http", "https", "mailto"}
_LOWER = 3


class _Reader(MarkdownIt):
    """Reads every address, so that none is overlooked that another reader would follow."""

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802  its name
        """Return that it may stand in a link."""
        return True


def harmless_markdown(text: str) -> str:
    r"""Return Markdown (CommonMark with tables) that can do nothing but be read, and ends where it ends.

    What looks like HTML is shown as it is written, headings are put three levels lower, and code that is left
    open is closed. Where a link leads to anything but ``http``, ``https``, ``mailto`` or a place of the same
    site, none of the text is a link. What is code is told by a reader of Markdown, as whoever shows it does.

    Parameters
    ----------
    text
        Lines end in ``\n``.

    Examples
    --------
    >>> harmless_markdown("# Use\n<b>Cloth</b> only, see [here](https://mill.example)")
    '#### Use\n&lt;b>Cloth&lt;/b> only, see [here](https://mill.example)'
    >>> harmless_markdown("[here](javascript:alert)")
    '&#91;here](javascript:alert)'
    """
    made = _without_html(text, _reader().parse(f"{text}\n"))
    seen = _whole_reader().parse(made)
    if any(one.type in {"html_block", "html_inline"} for one in _all(seen)):
        made = _HTML.sub("&lt;", made)  # readers may disagree on what is code: then nothing is
        seen = _whole_reader().parse(made)
    if not all(_leads_out(one) for one in _all(seen)):
        made = made.replace("[", "&#91;")
    return made


def _without_html(text: str, tokens: Sequence[Token]) -> str:
    lines: list[str | None] = list(text.split("\n"))
    code: set[int] = set()
    closed = ""
    for one in tokens:
        if one.map is None:
            continue
        first, end = one.map
        if one.type in {"fence", "code_block"}:
            code.update(range(first, end))
            is_open = one.type == "fence" and one.content.count("\n") != end - first - 2
            closed = one.markup if is_open and one.level == 0 and end >= len(lines) else closed
        elif one.type == "heading_open":
            _lower(lines, one, first, end)
    kept = [
        line if number in code else _HTML.sub("&lt;", line)
        for number, line in enumerate(lines)
        if line is not None
    ]
    return "\n".join([*kept, closed] if closed else kept)


def _lower(lines: list[str | None], heading: Token, first: int, end: int) -> None:
    """Put a heading three levels lower; one that is underlined gets its marks before it."""
    level = min(6, int(heading.tag[1]) + _LOWER)
    if heading.markup.startswith("#"):
        lines[first] = (lines[first] or "").replace(heading.markup, "#" * level, 1)
        return
    above = [(line or "").strip() for line in lines[first : end - 1]]
    if heading.level == 0:
        lines[first:end] = [f"{'#' * level} {' '.join(above)}", *([None] * (end - first - 1))]
    else:  # within a quotation or a list
        lines[end - 1] = (lines[end - 1] or "").rstrip().rstrip("=-")


def _leads_out(token: Token) -> bool:
    address = str(token.attrGet("href") or token.attrGet("src") or "")
    scheme = _SCHEME.match(address)
    return scheme is None or scheme[1].lower() in _SCHEMES


def _all(tokens: Sequence[Token]) -> Iterator[Token]:
    for one in tokens:
        yield one
        yield from _all(one.children or ())


@cache
def _reader() -> MarkdownIt:
    return _Reader("commonmark", {"html": False}).enable("table")


@cache
def _whole_reader() -> MarkdownIt:
    return _Reader("commonmark").enable("table")
