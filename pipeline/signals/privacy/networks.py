"""IP addresses, told from version numbers and from addresses that are nobody's."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

_V4 = re.compile(r"(?<![\w.-])((?:\d{1,3}\.){3}\d{1,3})(?::\d{1,5}|/\d{1,2})?(?![\w-]|\.\d)")
_V6 = re.compile(
    r"(?<![\w:.])((?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}))(?:%\w+)?(?:/\d{1,3})?(?![\w:])",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"\b(?:v|ver|versions?|builds?|releases?|firmware|update[ds]?|patch|chrome|firefox|ios|android|kernel|section|chapter)"
    r"\W{0,3}$",
    re.IGNORECASE,
)
_CUE = re.compile(r"\b(?:ip|ipv4|ips|address|server|host|ping|client|traceroute|ssh|dns)\W{0,12}$", re.IGNORECASE)

_EVERYONES = frozenset({"1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9"})
"""Public resolvers, known by their addresses."""

_VERSION_BELOW = 30
"""Four parts that are all smaller are taken for a version number: (30/256)⁴, 0.02 % of addresses, look like that."""

TRIGGER = re.compile(r"\d\.\d{1,3}\.\d|[0-9a-f]:[0-9a-f]{0,4}:|::", re.IGNORECASE)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Spans of addresses, with their port or prefix. Loopback, netmasks and public resolvers are nobody's."""
    for match in _V4.finditer(text):
        if _is_v4(match[1], text[max(0, match.start() - 24) : match.start()]):
            yield match.span()
    for match in _V6.finditer(text):
        if _is_v6(match[1]):
            yield match.span()


def _is_v4(written: str, before: str) -> bool:
    try:
        address = ipaddress.IPv4Address(written)
    except ValueError:
        return False
    nobodys = address.is_loopback or address.is_multicast or address.packed[0] in (0, 255) or written in _EVERYONES
    if nobodys or _VERSION.search(before):
        return False
    return max(address.packed) >= _VERSION_BELOW or _CUE.search(before) is not None


def _is_v6(written: str) -> bool:
    try:
        address = ipaddress.IPv6Address(written)
    except ValueError:
        return False
    first = written.split(":", maxsplit=1)[0]
    # `a::b` is also how code names things: a shortened address must begin like one that is given out.
    likely = "::" not in written or (len(first) >= 3 and any(c.isdigit() for c in first))
    return likely and not (address.is_loopback or address.is_unspecified or address.is_multicast)
