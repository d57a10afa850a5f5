"""A handshake is accepted as RFC 6455 says, and refused with a status and a sentence."""

import pytest

from realtime.server import handshake
from realtime.server.handshake import Refused

GOOD = {
    b"connection": [b"keep-alive, Upgrade"],
    b"upgrade": [b"WebSocket"],
    b"sec-websocket-version": [b"13"],
    b"sec-websocket-key": [b"dGhlIHNhbXBsZSBub25jZQ=="],
}


def accept(headers: dict[bytes, list[bytes]], *, method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> bytes:
    return handshake.accept_key(method=method, version=version, values=lambda name: headers.get(name, []))


def test_the_example_of_the_rfc_is_answered_as_there() -> None:
    assert accept(GOOD) == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({b"connection": [b"close"]}, 400),
        ({b"sec-websocket-version": [b"8"]}, 426),
        ({b"sec-websocket-version": []}, 426),
        ({b"sec-websocket-key": []}, 400),
        ({b"sec-websocket-key": [b"short"]}, 400),
        ({b"sec-websocket-key": [b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZQ=="]}, 400),
        ({b"sec-websocket-key": [b"dGhlIHNhbXBsZSBub25jZSBi"]}, 400),
    ],
)
def test_a_bad_header_is_refused(change: dict[bytes, list[bytes]], status: int) -> None:
    with pytest.raises(Refused) as refused:
        accept({**GOOD, **change})
    assert refused.value.status == status


@pytest.mark.parametrize(("method", "version"), [(b"POST", b"HTTP/1.1"), (b"GET", b"HTTP/1.0")])
def test_only_get_over_http_1_1_opens(method: bytes, version: bytes) -> None:
    with pytest.raises(Refused):
        accept(GOOD, method=method, version=version)


def test_subprotocols_keep_the_clients_order() -> None:
    assert handshake.subprotocols(lambda _: [b"rivulet.v1, ticket.abc", b"other"]) == [
        "rivulet.v1",
        "ticket.abc",
        "other",
    ]


def test_subprotocols_that_are_no_names_are_refused() -> None:
    with pytest.raises(Refused):
        handshake.subprotocols(lambda _: [b"a b"])


def test_a_line_break_never_gets_into_the_response() -> None:
    with pytest.raises(ValueError, match="line break"):
        handshake.switching_protocols(accept=b"x", subprotocol=None, headers=[(b"x", b"a\r\nb: c")])
