"""Numbers as people read them: few digits, thousands set apart, a unit with every one.

A number and its unit are joined by a no-break space (U+00A0), so that no line ends between them.
"""

from __future__ import annotations

import math

__all__ = [
    "NBSP",
    "count",
    "minutes",
    "odds",
    "p_statement",
    "p_value",
    "quantity",
    "quantity_pair",
    "several",
    "share",
    "sigmas",
]

NBSP = "\u00a0"
_ABSENT = "–"


def count(n: int) -> str:
    """Return a whole number with its thousands set apart.

    Examples
    --------
    >>> count(14000)
    '14,000'
    """
    return f"{n:,}"


def several(n: int, one: str, many: str | None = None) -> str:
    """Return a count and its noun, in the singular where it is one.

    Examples
    --------
    >>> several(1, "image"), several(2000, "image"), several(0, "property", "properties")
    ('1 image', '2,000 images', '0 properties')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def minutes(seconds: float) -> str:
    """Return a span as minutes, the unit that costs are compared in; empty for none.

    Examples
    --------
    >>> [minutes(one).replace(NBSP, " ") for one in (0.0, 20.0, 90.0, 5400.0)]
    ['', '< 1 min', '1.5 min', '90 min']
    """
    if seconds <= 0:
        return ""
    if seconds < 60:
        return f"<{NBSP}1{NBSP}min"
    whole = seconds / 60
    return quantity(round(whole, 1) if whole < 10 else round(whole), "min")


def p_value(p: float | None, smallest: float = 0.0005) -> str:
    """Return a p-value in [0, 1] with two digits, or ``< smallest``; a dash where there is none.

    Examples
    --------
    >>> p_value(0.43), p_value(0.0321), p_value(0.0021), p_value(1e-9), p_value(float("nan"))
    ('0.43', '0.032', '0.0021', '< 0.0005', '–')
    """
    if p is None or math.isnan(p):
        return _ABSENT
    if p < smallest:
        return f"< {smallest:.15f}".rstrip("0")
    if p >= 0.1:
        return f"{p:.2f}"
    return f"{p:.{1 - math.floor(math.log10(p))}f}"


def p_statement(p: float | None, smallest: float = 0.0005) -> str:
    """Return a p-value with its name.

    Examples
    --------
    >>> p_statement(0.43), p_statement(0.0)
    ('p = 0.43', 'p < 0.0005')
    """
    text = p_value(p, smallest)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def odds(p: float) -> str:
    """Return how rarely something of chance `p` happens, the rarest rounded to the safe side.

    Examples
    --------
    >>> odds(0.37), odds(0.021), odds(0.00041), odds(0.0)
    ('about 37 in 100', 'about 1 in 48', 'fewer than 1 in 2,000', 'fewer than 1 in a million')
    """
    if p < 1e-6:
        return "fewer than 1 in a million"
    times = 1 / p * (1 + 1e-12)  # 1 / 0.00001 is a little less than 100,000
    if p < 0.0005:
        unit = 10 ** math.floor(math.log10(times))
        return f"fewer than 1 in {math.floor(times / unit) * unit:,}"
    if p >= 0.095:
        return f"about {math.floor(p * 100 + 0.5)} in 100"
    unit = 10 ** max(0, math.floor(math.log10(times)) - 1)
    return f"about 1 in {round(times / unit) * unit:,}"


def share(value: float | None) -> str:
    """Return a share in [0, 1] in per cent; 0 % and 100 % are said only where they are exact.

    Examples
    --------
    >>> [share(x).replace(NBSP, " ") for x in (0.94, 0.0421, 0.0004, 0.9997, 1.0)]
    ['94 %', '4.2 %', '< 0.1 %', '> 99.9 %', '100 %']
    """
    if value is None or math.isnan(value):
        return _ABSENT
    percent = value * 100
    if value in (0.0, 1.0):
        text = f"{percent:.0f}"
    elif percent < 0.1:
        text = "<" + NBSP + "0.1"
    elif percent > 99.9:
        text = ">" + NBSP + "99.9"
    elif percent < 9.95 or percent > 99:
        text = f"{percent:.1f}".removesuffix(".0")
    else:
        text = f"{percent:.0f}"
    return text + NBSP + "%"


def sigmas(value: float | None) -> str:
    """Return a distance in reference standard deviations.

    Examples
    --------
    >>> [sigmas(x).replace(NBSP, " ") for x in (0.083, 1.24, 9.13, 42.0, float("inf"))]
    ['0.08 σ', '1.2 σ', '9.1 σ', '42 σ', '∞ σ']
    """
    if value is None or math.isnan(value):
        return _ABSENT
    if math.isinf(value):
        return "∞" + NBSP + "σ"
    decimals = 2 if value < 0.995 else 1 if value < 9.95 else 0
    return f"{value:,.{decimals}f}" + NBSP + "σ"


def quantity(value: float | None, unit: str = "") -> str:
    """Return a number of a property with three digits and its unit; ``share`` becomes per cent.

    Examples
    --------
    >>> quantity(812.4), quantity(0.0123), quantity(84213, "bytes").replace(NBSP, " ")
    ('812', '0.0123', '84,213 bytes')
    """
    if value is None or math.isnan(value):
        return _ABSENT
    if unit == "share":
        return share(value) if 0 <= value <= 1 else f"{_digits(value * 100, 3)}{NBSP}%"
    return _with_unit(_digits(value, 3), unit)


def quantity_pair(before: float | None, after: float | None, unit: str = "") -> tuple[str, str]:
    """Return two numbers of one property with as many decimals as it takes to tell them apart, five at most.

    Examples
    --------
    >>> quantity_pair(0.50213, 0.50271)
    ('0.5021', '0.5027')
    >>> [text.replace(NBSP, " ") for text in quantity_pair(812.2, 143.9, "px")]
    ['812 px', '144 px']
    """
    if before is None or after is None or not (math.isfinite(before) and math.isfinite(after)):
        return quantity(before, unit), quantity(after, unit)
    scale = 100.0 if unit == "share" else 1.0
    a, b = before * scale, after * scale
    largest = max(abs(a), abs(b))
    if largest == 0 or a == b:
        return quantity(before, unit), quantity(after, unit)
    of_size = 2 - math.floor(math.log10(largest))
    of_difference = -math.floor(math.log10(abs(a - b)))
    decimals = min(max(of_size, min(of_difference, 5), 0), 6)
    name = "%" if unit == "share" else unit
    return _with_unit(f"{a:,.{decimals}f}", name), _with_unit(f"{b:,.{decimals}f}", name)


def _digits(value: float, digits: int) -> str:
    """Three significant digits, but whole numbers are never rounded to tens."""
    if value == 0:
        return "0"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude < -6:
        return f"{value:.{digits}g}"
    text = f"{value:,.{max(0, digits - 1 - magnitude)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _with_unit(text: str, unit: str) -> str:
    text = f"−{text[1:]}" if text.startswith("-") else text
    if unit in ("", "1"):
        return text
    return text + (unit if unit == "°" else NBSP + unit)
