"""Fill the generated parts of the reference from the code itself: `python docs/generate.py`.

A page asks for a part by a pair of comments, ``<!-- generated: properties -->`` and ``<!-- end -->``; what
stands between them is replaced. tests/test_docs.py fails when a page is not what this script makes of it.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

import driftwheel
from driftwheel import errors
from driftwheel.cli import app, exit_codes
from driftwheel.drift.check import Check
from driftwheel.drift.verdict import (
    ClassShare,
    EmbeddingDrift,
    FaultFinding,
    Outlier,
    PropertyDrift,
    ScoreDrift,
    Verdict,
)
from driftwheel.images.faults import FAULTS
from driftwheel.images.properties import PROPERTIES
from driftwheel.records import Evidence, Image, Records, Unreadable
from driftwheel.report.json_document import json_schema
from driftwheel.services.check.check_images import check_against
from driftwheel.services.check.measure_reference import measure_reference
from driftwheel.settings import settings_table

VALUES = (
    Check, Verdict, PropertyDrift, EmbeddingDrift, ScoreDrift, ClassShare, FaultFinding, Outlier, Evidence,
    Records, Image, Unreadable
)  # fmt: skip
DOCS = Path(__file__).parent
_WORDS = {Path: "PATH", str: "TEXT", int: "N", float: "NUMBER"}
PART = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def commands() -> str:
    """Every command with its arguments and options, as the command line itself explains them."""
    return "\n".join(
        _command(path, command) for path, command in walk(typer.main.get_command(app), "driftwheel")
    )


def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield (full name, click command) of each command that does something."""
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from walk(child, f"{path} {name}")
    if not hasattr(command, "commands"):
        yield path, command


def _command(path: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and "--help" not in p.opts]
    usage = " ".join([path, *(_argument(p) for p in arguments)])
    lines = [
        f"## {path}",
        "",
        "```text",
        usage + (" [OPTIONS]" if options else ""),
        "```",
        "",
        inspect.cleandoc(command.help or ""),
        "",
    ]
    if arguments:
        lines += ["| argument | meaning |", "| --- | --- |"]
        lines += [f"| `{p.name.upper()}` | {_cell(p.help)} |" for p in arguments] + [""]
    if options:
        lines += ["| option | default | meaning |", "| --- | --- | --- |"]
        lines += [f"| {_option_names(p)} | {_default(p)} | {_cell(p.help)} |" for p in options] + [""]
    return "\n".join(lines)


def _argument(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _option_names(option: Any) -> str:
    kind = "" if option.is_flag else f" {_kind(option)}"
    names = [*option.opts, *option.secondary_opts]
    return ", ".join(f"`{name}{kind}`" for name in names)


def _kind(option: Any) -> str:
    kind = option.type_descriptor.annotation
    if get_origin(kind) is list:  # may be given again and again
        (kind,) = get_args(kind)
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    if inspect.isclass(kind) and issubclass(kind, Enum):
        choices = tuple(one.value for one in kind)
    return "\\|".join(choices) or option.metavar or _WORDS[kind]


def _default(option: Any) -> str:
    if option.required:
        return "required"
    value = option.default
    if value is None or value == () or callable(value):
        return ""
    if option.is_flag:
        return "on" if value else "off"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def properties() -> str:
    """The table of properties."""
    lines = [
        "| property | unit | range | bins | measured on | what it means |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in PROPERTIES:
        values = f"{one.low:,.10g} … {one.high:,.10g}"
        if one.kind == "category":
            values = "; ".join(one.categories)
        scale = " log" if one.scale == "log" else ""
        cells = [
            f"`{one.name}`",
            one.unit or "–",
            values,
            f"{one.bins}{scale}",
            one.needs,
            _cell(one.meaning),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def faults() -> str:
    """The table of camera faults."""
    lines = [
        "| fault | severities | what is seen, and what usually causes it | how it is simulated |",
        "| --- | --- | --- | --- |",
    ]
    for one in FAULTS:
        grades = "1 … 5" if one.has_severity else "–"
        how = (
            inspect.getdoc(one.function)
            if one.function
            else "Frames are repeated in place of new ones (`frozen_order`)."
        )
        first = (how or "").split("\n\n")[0].replace("; (h, w, 3) BGR uint8 in and out", "")
        lines.append(f"| `{one.name}` | {grades} | {_cell(one.sentence)} | {_cell(first)} |")
    return "\n".join(lines) + "\n"


def exit_code_table() -> str:
    """What each constant of cli/exit_codes.py says under itself."""
    body = ast.parse(inspect.getsource(exit_codes)).body
    lines = ["| code | meaning |", "| --- | --- |"]
    for constant, doc in pairwise(body):
        if isinstance(constant, ast.Assign) and isinstance(doc, ast.Expr):
            meaning = ast.literal_eval(doc.value)
            lines.append(f"| {ast.literal_eval(constant.value)} | {_cell(meaning)} |")
    return "\n".join(lines) + "\n"


def json_keys() -> str:
    """Every key of the JSON answer, from its schema."""
    lines = ["| key | type | meaning |", "| --- | --- | --- |", *_keys(json_schema(), "")]
    return "\n".join(lines) + "\n"


def _keys(schema: dict[str, Any], path: str) -> Iterator[str]:
    for name, one in schema["properties"].items():
        yield f"| `{path}{name}` | {_json_type(one)} | {_cell(one['description'])} |"
        inner = one.get("items", next((o for o in one.get("anyOf", []) if o.get("type") == "object"), {}))
        if "properties" in inner:
            yield from _keys(inner, f"{path}{name}{'[]' if 'items' in one else ''}.")


def _json_type(one: dict[str, Any]) -> str:
    if "const" in one:
        return f"`{json.dumps(one['const'])}`"
    if "enum" in one:
        return ", ".join(f"`{json.dumps(value)}`" for value in one["enum"])
    kinds = [o["type"] for o in one["anyOf"]] if "anyOf" in one else [one["type"]]
    flat = [kind for group in kinds for kind in ([group] if isinstance(group, str) else group)]
    return " or ".join(sorted(flat, key=lambda kind: kind == "null"))


def settings() -> str:
    """Every setting: its variable, what it is, its default and what it does."""
    lines = ["| variable | what it is | default | what it does |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{one.variable}` | {_cell(one.kind)} | `{one.default}` | {_cell(one.help)} |"
        for one in settings_table()
    ]
    return "\n".join(lines) + "\n"


def error_tree() -> str:
    """The tree drawn at the top of errors.py."""
    doc = inspect.getdoc(errors) or ""
    return "```text\n" + textwrap.dedent(doc.split("::\n")[1]).strip("\n") + "\n```\n"


def python() -> str:
    """Every public name of the package, with its signature and docstring."""
    return "\n".join(
        _member(name, getattr(driftwheel, name)) for name in driftwheel.__all__ if not name.startswith("__")
    )


def values() -> str:
    """The values that answers are made of."""
    return "\n".join(_member(one.__name__, one) for one in VALUES)


def verbs() -> str:
    """Functions for many checks against one reference."""
    return "\n".join(_member(one.__name__, one) for one in (measure_reference, check_against))


def _member(name: str, value: Any) -> str:
    lines = [f"### {name}", ""]
    if not inspect.isclass(value):
        lines += ["```python", f"{name}{_wrapped(str(inspect.signature(value)))}", "```", ""]
    return "\n".join([*lines, _docstring(inspect.getdoc(value) or ""), ""])


def _wrapped(signature: str) -> str:
    signature = re.sub(r"(: |-> )'([^']*)'", r"\1\2", signature)  # annotations are kept as text
    signature = re.sub(r"\b(?:[a-z_]+\.)+([A-Z]\w*)", r"\1", signature).replace("'", '"')
    if len(signature) < 90:
        return signature
    inside, _, returns = signature[1:].rpartition(")")
    parts = re.split(r", (?![^\[\(]*[\]\)])", inside)
    return "(\n" + "".join(f"    {part},\n" for part in parts) + ")" + returns


def _docstring(text: str) -> str:
    """A numpy docstring as Markdown: headings become bold, items definition lists, examples code."""
    blocks = re.split(r"\n(?=[A-Z][A-Za-z ]+\n-{3,}\n)", "\n" + text)
    out = [_prose(blocks[0].strip())]
    for block in blocks[1:]:
        heading, _, body = block.split("\n", 2)
        body = textwrap.dedent(body).strip("\n")
        out.append(f"**{heading}**")
        if heading == "Examples":
            out.append(f"```python\n{body}\n```")
        elif heading in {"Parameters", "Attributes", "Raises", "Returns", "Yields"}:
            out.append(_definitions(body))
        else:
            out.append(_prose(body))
    return "\n\n".join(out) + "\n"


def _definitions(body: str) -> str:
    items = re.split(r"\n(?=\S)", body)
    lines = []
    for item in items:
        term, _, meaning = item.partition("\n")
        if not meaning:
            lines.append(_prose(term) + "\n")
            continue
        meaning = _prose(textwrap.dedent(meaning)).replace("\n", "\n    ")
        lines.append(f"`{term}`\n:   {meaning}\n")
    return "\n".join(lines).rstrip()


def _prose(text: str) -> str:
    return text.replace("``", "`")


def _cell(text: str | None) -> str:
    return " ".join(_prose(text or "").split()).replace("|", "\\|")


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "errors": error_tree,
    "exit_codes": exit_code_table,
    "faults": faults,
    "json": json_keys,
    "properties": properties,
    "python": python,
    "settings": settings,
    "values": values,
    "verbs": verbs,
}


def filled(page: str) -> str:
    """Return the text of a page with its generated parts renewed."""
    return PART.sub(lambda m: m[1] + "\n" + PARTS[m[2]]() + "\n" + m[4], page)


def main() -> None:
    """Rewrite every page that has a generated part."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if (renewed := filled(text)) != text:
            path.write_text(renewed, encoding="utf-8")
            sys.stdout.write(f"renewed {path.relative_to(DOCS)}\n")


if __name__ == "__main__":
    main()
