"""A person's Markdown within a document: no HTML, no script behind a link, and what follows stays apart."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from driftwheel.cards.harmless_markdown import harmless_markdown

SCRIPT = "<script>alert(1)</script>"


def as_html(text: str) -> str:
    """Return what a reader shows that lets everything through, with a title after it."""
    reader = MarkdownIt("commonmark").enable("table")
    reader.validateLink = lambda _: True  # type: ignore[method-assign]
    return str(reader.render(f"{text}\n\n# What follows\n"))


@pytest.mark.parametrize(
    "text",
    [
        f"```x`\n{SCRIPT}",  # no fence: there is a backtick behind it
        f"```\ncode\n``` x\n```\n{SCRIPT}",  # the second does not close it
        f"- a\n\n  ```\n{SCRIPT}",  # the list ends, and with it the fence
        f"> ```\n{SCRIPT}",
        f"\t```\n{SCRIPT}",
        f"````\n```\n````\n{SCRIPT}",
        "[a](javascript:alert)",
        "[a]\n\n[a]: java&#115;cript:alert",
        "![a](data:text/html,x) <javascript:alert>",
    ],
)
def test_nothing_of_it_acts(text: str) -> None:
    shown = as_html(harmless_markdown(text))
    assert "<script" not in shown
    assert not re.findall(r'(?:href|src)="(?:javascript|data)', shown)
    assert "<h1>What follows</h1>" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Big\n===\n\nLess\n---", "<h4>Big</h4>\n<h5>Less</h5>\n"),
        ("two\nlines\n===", "<h4>two lines</h4>\n"),
        ("> # Big\n> so\n> ---", "<blockquote>\n<h4>Big</h4>\n<p>so</p>\n</blockquote>\n"),
        ("````\n# no ``` title", "<pre><code># no ``` title\n</code></pre>\n"),
        ("[a](/x) [b](mailto:x)", '<p><a href="/x">a</a> <a href="mailto:x">b</a></p>\n'),
    ],
)
def test_titles_are_lower_and_code_and_links_stay(text: str, shown: str) -> None:
    assert as_html(harmless_markdown(text)) == f"{shown}<h1>What follows</h1>\n"


_PIECES = (*"a`\n\t", "```", "````", "~~~", "\n\n", "> ", "- ", "1. ", "   ", "<b>", "<!-- ", "# ", "===")


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
@settings(max_examples=150, deadline=None)
def test_however_it_is_nested_no_html_is_left_and_what_follows_stays_apart(text: str) -> None:
    made = harmless_markdown(text.strip())
    kinds = {one.type for one in MarkdownIt("commonmark").parse(made)}
    assert "html_block" not in kinds
    shown = as_html(made)
    assert "<b>" not in shown
    assert shown.endswith("<h1>What follows</h1>\n")
    assert shown.count("<h1>") == 1
