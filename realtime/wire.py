"""Bytes as they go over the wire: frames of events, encoded once per process, WebSocket header included."""

from typing import Any

import msgspec

encode = msgspec.json.Encoder().encode


def frame(payload: bytes) -> bytes:
    """One unmasked, final WebSocket text frame."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 65536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), payload)


def payload_of(wire: bytes) -> bytes:
    """The text of a frame made by `frame` or `event_frame`."""
    length = wire[1]
    return wire[2:] if length < 126 else wire[4:] if length == 126 else wire[10:]


def message(value: Any) -> bytes:
    """A frame with this value as JSON."""
    return frame(encode(value))


def event_prefix(topic: str, epoch: str) -> bytes:
    """What the frames of one log begin with, up to the offset."""
    return b'{"topic":"%b","epoch":"%b","offset":' % (topic.encode("ascii"), epoch.encode("ascii"))


def event_frame(prefix: bytes, offset: int, event: bytes) -> bytes:
    """The frame of a stored event `{"type":…,"data":…}`: its object opened up behind topic, epoch and offset."""
    digits = b"%d" % offset
    size = len(prefix) + len(digits) + len(event)
    if size < 126:
        return b"\x81%c%b%b,%b" % (size, prefix, digits, event[1:])
    if size < 65536:
        return b"\x81\x7e%b%b%b,%b" % (size.to_bytes(2, "big"), prefix, digits, event[1:])
    return b"\x81\x7f%b%b%b,%b" % (size.to_bytes(8, "big"), prefix, digits, event[1:])
