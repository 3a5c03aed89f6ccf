"""Instructions in Markdown, as HTML that can do nothing but be read."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

__all__ = ["example_records", "safe_markdown"]

_REL = "noopener noreferrer nofollow"
_EXAMPLE = "record:"
_OUT = ("http://", "https://", "mailto:")


def safe_markdown(text: str, project: int | None = None) -> Markup:
    r"""Return Markdown as HTML: CommonMark with tables, without HTML of its own.

    What looks like HTML is shown as it is written. Links lead only to ``http``, ``https`` and ``mailto``,
    open beside the page, and tell nobody where they were followed.

    Parameters
    ----------
    project
        Pictures of its model are shown: ``![a hole](record:loom-2/000123)``. Any other picture would be
        fetched from elsewhere by everybody who labels: a link to it is shown in its place.

    Examples
    --------
    >>> safe_markdown("A **hole** shows <b>the ground</b>.")
    Markup('<p>A <strong>hole</strong> shows &lt;b&gt;the ground&lt;/b&gt;.</p>\n')
    >>> safe_markdown("[here](javascript:alert)")
    Markup('<p>[here](javascript:alert)</p>\n')
    >>> '<img src="/annotate/7/examples?record=loom%2F1" alt="a"' in safe_markdown("![a](record:loom/1)", 7)
    True
    """
    return Markup(_reader().render(text, {"project": project}))  # noqa: S704  it escapes all but its own


def example_records(text: str) -> frozenset[str]:
    """Return the ids of the records whose pictures instructions show.

    Examples
    --------
    >>> example_records("![a hole](record:loom-2/000123) and [no picture](record:x)")
    frozenset({'loom-2/000123'})
    """
    found = (
        _record_of(child)
        for token in _reader().parse(text)
        for child in token.children or ()
        if child.type == "image"
    )
    return frozenset(one for one in found if one)


class _Reader(MarkdownIt):
    """Takes only addresses that lead out, or name a record."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  its name
        """Return whether an address may stand in a link or a picture."""
        return url.strip().lower().startswith((*_OUT, _EXAMPLE))


@cache
def _reader() -> MarkdownIt:
    reader = _Reader("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("link_open", _link_open)
    reader.add_render_rule("image", _image)
    return reader


def _record_of(token: Token) -> str:
    """Return the id of the record that a picture names; empty: it names none."""
    address = str(token.attrGet("src") or "")
    return unquote(address[len(_EXAMPLE) :]) if address.lower().startswith(_EXAMPLE) else ""


def _link_open(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    if not str(tokens[index].attrGet("href")).strip().lower().startswith(_OUT):
        tokens[index].attrSet("href", "#")
    tokens[index].attrSet("target", "_blank")
    tokens[index].attrSet("rel", _REL)
    return self.renderToken(tokens, index, options, env)


def _image(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    one, record = tokens[index], _record_of(tokens[index])
    words = self.renderInlineAsText(one.children or [], options, env) or "picture"
    if record:
        if env.get("project") is None:
            return str(Markup("<em>{}</em>").format(words))
        address = f"/annotate/{env['project']}/examples?record={quote(record, safe='')}"
        picture = Markup('<img src="{}" alt="{}" title="{}" class="example">')
        return str(picture.format(address, words, words))
    link = Markup('<a href="{}" target="_blank" rel="{}">{}</a>')
    return str(link.format(one.attrGet("src") or "", _REL, words))
