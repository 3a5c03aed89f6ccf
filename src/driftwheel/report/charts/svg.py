"""The few SVG elements the charts are made of; every text from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

__all__ = ["drawing", "element", "number", "steps", "text"]


def number(value: float) -> str:
    """Return a coordinate with one decimal, as short as it can be written."""
    written = f"{value:.1f}".removesuffix(".0")
    return "0" if written == "-0" else written


def element(tag: str, content: str = "", **attributes: object) -> Markup:
    """Return one element; ``_`` in a name of an attribute stands for ``-``, `class_` for ``class``.

    Examples
    --------
    >>> element("rect", x=1, class_="band")
    Markup('<rect x="1" class="band"/>')
    """
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_written(value))}"'
        for name, value in attributes.items()
    )
    return Markup(f"<{tag}{named}>{escape(content)}</{tag}>" if content else f"<{tag}{named}/>")  # noqa: S704


def text(x: float | str, y: float, words: str, anchor: str = "start", class_: str = "") -> Markup:
    """Return a text element; `words` is escaped."""
    extra = {"class_": class_} if class_ else {}
    return element("text", words, x=x, y=y, text_anchor=anchor, **extra)


def steps(edges: Sequence[float], heights: Sequence[float], base: float) -> str:
    """Return a histogram's outline as path data: k + 1 `edges` in x, k `heights` in y, closed at `base`."""
    path = [f"M{number(edges[0])} {number(base)}"]
    for left, right, top in zip(edges[:-1], edges[1:], heights, strict=True):
        path.append(f"L{number(left)} {number(top)}H{number(right)}")
    path.append(f"V{number(base)}Z")
    return "".join(path)


def drawing(width: int, height: int, title: str, parts: Iterable[Markup], class_: str = "chart") -> Markup:
    """Return an ``<svg>`` of this viewBox with an accessible title."""
    body = Markup().join([element("title", title), *parts])
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}" class="{}">{}</svg>').format(
        width, height, title, class_, body
    )


def _written(value: object) -> object:
    return number(value) if isinstance(value, float) else value
