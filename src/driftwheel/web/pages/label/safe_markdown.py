"""Instructions in Markdown, as HTML that can do nothing but be read."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

__all__ = ["safe_markdown"]

_REL = "noopener noreferrer nofollow"


def safe_markdown(text: str) -> Markup:
    r"""Return Markdown as HTML: CommonMark with tables, without HTML of its own and without pictures.

    What looks like HTML is shown as it is written. Links lead only to ``http``, ``https`` and ``mailto``,
    open beside the page, and tell nobody where they were followed. A picture would be fetched from elsewhere
    by everybody who labels: a link to it is shown in its place.

    Examples
    --------
    >>> safe_markdown("A **hole** shows <b>the ground</b>.")
    Markup('<p>A <strong>hole</strong> shows &lt;b&gt;the ground&lt;/b&gt;.</p>\n')
    >>> safe_markdown("[here](javascript:alert)")
    Markup('<p>[here](javascript:alert)</p>\n')
    """
    return Markup(_reader().render(text))  # noqa: S704  the reader escapes all that it did not make


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.validateLink = _leads_out  # type: ignore[method-assign, assignment]
    reader.add_render_rule("link_open", _link_open)
    reader.add_render_rule("image", _image)
    return reader


def _leads_out(address: str) -> bool:
    return address.strip().lower().startswith(("http://", "https://", "mailto:"))


def _link_open(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
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
    one = tokens[index]
    words = self.renderInlineAsText(one.children or [], options, env) or "picture"
    return str(
        Markup('<a href="{}" target="_blank" rel="{}">{}</a>').format(one.attrGet("src") or "", _REL, words)
    )
