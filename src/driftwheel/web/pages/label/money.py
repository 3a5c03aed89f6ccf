"""Prices and budgets as people read them; in any currency."""

from __future__ import annotations

from driftwheel.services.label.pools.create_pool import MILLIONTHS

__all__ = ["money"]


def money(millionths: int) -> str:
    """Return an amount with two decimals, and with more where it is smaller than that shows.

    Examples
    --------
    >>> money(1_500_000), money(12_345_000_000), money(5_000), money(0)
    ('1.50', '12,345.00', '0.005', '0.00')
    """
    amount = millionths / MILLIONTHS
    if millionths % 10_000:
        return f"{amount:,.6f}".rstrip("0")
    return f"{amount:,.2f}"
