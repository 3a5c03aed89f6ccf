"""Name patterns: the time and the tags that a name tells, such as ``{camera}_{time:%Y%m%d_%H%M%S}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from driftwheel.errors import UsageError
from driftwheel.sources.file_kinds import IMAGE_SUFFIXES

__all__ = ["NamePattern", "parse_name_pattern"]

_TWO = r"\d{2}"
_WORD = r"[^\W\d_]+"
_DIRECTIVES = {
    "Y": r"\d{4}", "y": _TWO, "m": _TWO, "d": _TWO, "j": r"\d{3}", "H": _TWO, "I": _TWO, "M": _TWO, "S": _TWO,
    "f": r"\d{1,6}", "p": r"[AaPp][Mm]", "b": _WORD, "B": _WORD, "a": _WORD, "A": _WORD,
    "z": r"(?:[+-]\d{2}:?\d{2}|Z)", "s": r"\d{1,11}", "Q": r"\d{1,14}", "%": "%",
}  # fmt: skip
_ISO = r"\d{4}-?\d{2}-?\d{2}(?:[T _]\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d{1,6})?)?(?:[+-]\d{2}:?\d{2}|Z)?)?"
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_HELP = "Write for example '{camera}_{time:%Y%m%d_%H%M%S}'."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A pattern, ready to be held against names; made by `parse_name_pattern`.

    Attributes
    ----------
    text
        As it was given.
    tags
        The names of its tags.
    """

    text: str
    tags: tuple[str, ...]
    _expression: re.Pattern[str]
    _formats: tuple[str, ...]
    _whole_path: bool
    _with_suffix: bool

    def match(self, name: str) -> tuple[datetime | None, dict[str, str]] | None:
        """Return time (UTC, None when the pattern has none) and tags of a name; None when it does not fit.

        Examples
        --------
        >>> parse_name_pattern("{camera}_{time:%Y%m%d}").match("day1/left_20260305.jpg")
        (datetime.datetime(2026, 3, 5, 0, 0, tzinfo=datetime.timezone.utc), {'camera': 'left'})
        >>> parse_name_pattern("{site}/{camera}").match("Ghent/left.png")
        (None, {'site': 'Ghent', 'camera': 'left'})
        """
        path = PurePosixPath(name)
        held = name if self._whole_path else path.name
        if not self._with_suffix:
            held = held.removesuffix(path.suffix)
        found = self._expression.fullmatch(held)
        if found is None:
            return None
        times = [found[f"time{number}"] for number in range(len(self._formats))]
        try:
            time = _time(times, self._formats)
        except (ValueError, OverflowError):
            return None
        return time, {tag: found[f"tag_{tag}"] for tag in self.tags}


def parse_name_pattern(text: str) -> NamePattern:
    """Return a pattern, ready to use.

    * ``{time:FORMAT}`` is the time in the codes of `datetime.strptime`, which must tell a date; also ``%s``,
      seconds since 1970, and ``%Q``, milliseconds. Without ``%z`` it is UTC. ``{time}`` alone is ISO 8601. It
      may come in pieces: ``{time:%Y-%m-%d}/{camera}_{time:%H%M%S}``.
    * ``{anything}`` else is a tag: one or more characters other than ``/``, as few as will fit. ``{_}`` is a
      part to ignore.
    * The rest is literal; ``{{`` and ``}}`` stand for braces.

    A pattern with a ``/`` is held against the whole path inside the source, one without against the file's
    name alone. The extension is left off first, unless the pattern ends in one (``.jpg``).

    Raises
    ------
    UsageError
        When it has unbalanced braces, a tag twice, a time without a date, an unknown code, or tells nothing
        at all.
    """
    expression: list[str] = []
    formats: list[str] = []
    tags: list[str] = []
    for part in _PART.finditer(text):
        token, field = part[0], part[1]
        if field is None:
            if token in {"{", "}"}:
                raise UsageError(f"The name pattern '{text}' has a single '{token}'. {_HELP}")
            expression.append(re.escape(token[0] if token in {"{{", "}}"} else token))
            continue
        name, colon, given = field.partition(":")
        if name == "time":
            expression.append(f"(?P<time{len(formats)}>{_time_expression(given, text) if colon else _ISO})")
            formats.append(given)
        elif colon or not name.isidentifier():
            raise UsageError(
                f"The name pattern '{text}' has a field '{{{field}}}' that is no time and no tag. {_HELP}"
            )
        elif name in tags:
            raise UsageError(
                f"The name pattern '{text}' has the tag '{name}' twice. Use {{_}} for a part to ignore."
            )
        elif name == "_":
            expression.append("[^/]+?")
        else:
            tags.append(name)
            expression.append(f"(?P<tag_{name}>[^/]+?)")
    if not formats and not tags:
        raise UsageError(f"The name pattern '{text}' has neither a time nor a tag. {_HELP}")
    _check_formats(formats, text)
    return NamePattern(
        text,
        tuple(tags),
        re.compile("".join(expression)),
        tuple(formats),
        "/" in text,
        PurePosixPath(text).suffix.lower() in IMAGE_SUFFIXES,
    )


def _time_expression(given: str, text: str) -> str:
    pieces, position = [], 0
    while position < len(given):
        character = given[position]
        if character != "%":
            pieces.append(re.escape(character))
            position += 1
            continue
        code = given[position + 1 : position + 2]
        if code not in _DIRECTIVES or not code:
            raise UsageError(
                f"The name pattern '{text}' has the time code '%{code}', which is not one of "
                f"{' '.join('%' + known for known in _DIRECTIVES)}."
            )
        pieces.append(_DIRECTIVES[code])
        position += 2
    return "".join(pieces)


def _check_formats(formats: list[str], text: str) -> None:
    if not formats or formats == [""]:
        return
    if "" in formats:
        raise UsageError(
            f"The name pattern '{text}' has a time without a format beside another time. {_HELP}"
        )
    codes = re.findall(r"%(.)", "".join(formats))
    codes = [code for code in codes if code != "%"]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice:
        raise UsageError(f"The name pattern '{text}' has the time code '%{twice}' twice.")
    if {"s", "Q"} & set(codes):
        if len(codes) > 1:
            raise UsageError(
                f"The name pattern '{text}' has %s or %Q beside other time codes; each is a whole time."
            )
        return
    day = "j" in codes or ("d" in codes and {"m", "b", "B"} & set(codes))
    if not day or not {"Y", "y"} & set(codes):
        raise UsageError(
            f"The name pattern '{text}' has a time without a date: it needs year, month and day. {_HELP}"
        )


def _time(values: list[str], formats: tuple[str, ...]) -> datetime | None:
    if not formats:
        return None
    if formats == ("",):
        time = datetime.fromisoformat(values[0].replace("_", "T").replace(",", "."))
    elif "%s" in formats[0] or "%Q" in formats[0]:
        code = "%s" if "%s" in formats[0] else "%Q"
        before, _, after = formats[0].replace("%%", "%").partition(code)
        number = int(values[0][len(before) : len(values[0]) - len(after)])
        return _EPOCH + (timedelta(seconds=number) if code == "%s" else timedelta(milliseconds=number))
    else:
        time = datetime.strptime("\n".join(values), "\n".join(formats))
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
