"""Which machines a message may be carried to: those of the public network, and none that only we can see."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?|[0-9A-Fa-f:.]{{2,45}}")
Resolve = Callable[[str, int], Sequence[str]]
_UNICAST = ipaddress.IPv6Network("2000::/3")
_CARRIERS = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
"""Inside the public IPv6 range: tunnels that lead to an IPv4 address (Teredo, 6to4), and addresses of nobody."""
_HOUSES = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
                                           "fc00::/7")))


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, each once, in the order in which they should be tried. OSError: it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def public(address: str) -> bool:
    """Whether an address belongs to the public network. False for private, loopback, link-local, shared (CGNAT),
    multicast and reserved ones, and for IPv6 addresses that stand for an IPv4 one (mapped, 6to4, NAT64, Teredo)."""
    known = _read(address)
    if isinstance(known, ipaddress.IPv6Address):
        return known in _UNICAST and known.is_global and not any(known in net for net in _CARRIERS)
    return known is not None and known.is_global and not known.is_multicast


def in_house(address: str) -> bool:
    """Whether an address belongs to a network of our own house: never this machine, never a link's."""
    known = _read(address)
    return known is not None and any(known in net for net in _HOUSES if net.version == known.version)


def local(address: str) -> bool:
    """Whether an address is this machine's own."""
    known = _read(address)
    return known is not None and known.is_loopback


def _read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
