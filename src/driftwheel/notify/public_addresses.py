"""Which addresses of the internet a channel may reach; none on this machine or in private networks."""

from __future__ import annotations

import ipaddress
from typing import Final

__all__ = ["is_link_local", "is_public"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_UNICAST: Final = ipaddress.ip_network("2000::/3")  # all of IPv6 that was ever given to the internet


def is_public(address: str) -> bool:
    """Whether an IP address belongs to one host of the public internet.

    No such address is one of a private network, of this machine or this link, a reserved or a multicast one;
    nor an IPv6 address in which one of those is wrapped (mapped, 6to4, Teredo, NAT64) or that is none of
    2000::/3, nor a name.

    Examples
    --------
    >>> [is_public(one) for one in ("93.184.215.14", "10.1.2.3", "::ffff:127.0.0.1", "localhost")]
    [True, False, False, False]
    """
    return all(map(_is_public, _meant(address))) and bool(_meant(address))


def is_link_local(address: str) -> bool:
    """Whether an IP address is of this link alone: fe80::/10, or 169.254.0.0/16, where clouds give secrets.

    Examples
    --------
    >>> is_link_local("169.254.169.254"), is_link_local("10.1.2.3")
    (True, False)
    """
    return any(one.is_link_local for one in _meant(address))


def _is_public(one: _Address) -> bool:
    return one.is_global and not one.is_multicast and (one.version == 4 or one in _UNICAST)


def _meant(address: str) -> tuple[_Address, ...]:
    """Return an address with those that are wrapped in it; none for what is not an address."""
    try:
        outer = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ()
    if isinstance(outer, ipaddress.IPv4Address):
        return (outer,)
    if outer.ipv4_mapped is not None:
        return (outer.ipv4_mapped,)
    if outer in _NAT64:
        return (ipaddress.IPv4Address(int(outer) & 0xFFFFFFFF),)
    return (outer, *(one for one in (outer.sixtofour, *(outer.teredo or ())) if one is not None))
