"""Which addresses an untrusted URL may reach: public ones only, however they are written.

The verdict is given where the socket is made, on the address that it will connect to, so there is no second name
resolution that could answer differently, and no way of writing an address that slips past a check of its text.
Sources: the IANA special-purpose registries for IPv4 and IPv6 (RFC 6890), RFC 6052, RFC 8215, RFC 3056, RFC 4380.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from backend.outbound.errors import AddressRefused, UrlRefused

_REFUSED_4 = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.0.2.0/24"),
    IPv4Network("192.31.196.0/24"),
    IPv4Network("192.52.193.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("192.175.48.0/24"),
    IPv4Network("198.18.0.0/15"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv4Network("224.0.0.0/4"),
    IPv4Network("240.0.0.0/4"),
)
_GLOBAL_6 = IPv6Network("2000::/3")
_REFUSED_6 = (
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("2620:4f:8000::/48"),
    IPv6Network("3fff::/20"),
)
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether a literal address is a public unicast one. IPv4 inside IPv6 (mapped, NAT64) is judged as IPv4."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip.scope_id is not None:
            return False
        if ip.ipv4_mapped is not None:
            return _is_public_4(ip.ipv4_mapped)
        if ip in _NAT64:
            return _is_public_4(IPv4Address(int(ip) & 0xFFFF_FFFF))
        return ip in _GLOBAL_6 and not any(ip in net for net in _REFUSED_6)
    return _is_public_4(ip)


def _is_public_4(ip: IPv4Address) -> bool:
    return not any(ip in net for net in _REFUSED_4)


class Guard:
    """The rule for untrusted URLs, with the operator's exceptions: hosts, `host:port`, addresses or networks."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._hosts: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for entry in allow:
            try:
                self._networks.append(ip_network(entry.strip(), strict=False))
            except ValueError:
                self._hosts.add(entry.strip().lower())

    def allows_host(self, url: SplitResult) -> bool:
        """Whether the operator named this host (or host and port)."""
        host = (url.hostname or "").lower()
        return host in self._hosts or f"{host}:{port_of(url)}" in self._hosts

    def check_address(self, address: str) -> None:
        """Raise `AddressRefused` unless `address` is public or in a network that the operator named."""
        if is_public(address):
            return
        try:
            ip = ip_address(address.partition("%")[0])
        except ValueError:
            ip = None
        if ip is None or not any(ip.version == net.version and ip in net for net in self._networks):
            raise AddressRefused("The address of this server is not a public one, so it may not be called.")


def port_of(url: SplitResult) -> int:
    """The port that a URL means."""
    return (443 if url.scheme == "https" else 80) if url.port is None else url.port


def parse_url(url: str) -> SplitResult:
    """Split a URL that may be called at all. Raises `UrlRefused` with a sentence for the person who typed it."""
    try:
        parts = urlsplit(url)
        port = port_of(parts)
        host = parts.hostname or ""
    except ValueError as error:
        raise UrlRefused("This is not a valid URL.") from error
    if parts.scheme not in {"http", "https"}:
        raise UrlRefused("The URL has to begin with https:// or http://.")
    if not host or any(character in host for character in " \\\t\r\n\0<>") or not 0 < port < 65536:
        raise UrlRefused("The URL names no valid host.")
    if parts.username is not None or parts.password is not None:
        raise UrlRefused("The URL may not hold a user name or password.")
    return parts
