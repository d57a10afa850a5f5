"""A small ASGI application that shows what the server does: portable, and lean where the extension is there.

WebSocket paths: /echo, /stream?<frames>x<bytes> (await send), /lean?… and /drain?… (the extension), /slow (a message
a millisecond), /stuck (never receives), /held (pauses reading), /greedy (writes on regardless), /refuse?<status>,
/deny, /silent (never answers), /close, /abort, /crash.
HTTP paths: /hello, /body (length of the body), /sse?<events>x<bytes> and /lean-sse?… (the extension), /pieces, /crash,
/half (crashes in mid-response), /wait (for the client to leave), /sleep, /begun, /scope.
"""

import asyncio
from typing import Any

from realtime.server.frames import text_frame


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)
    else:
        await http(scope, receive, send)


sockets: set[Any] = set()


async def lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    scope["state"]["born"] = "at startup"
    await send({"type": "lifespan.startup.complete"})
    await receive()
    print("lifespan.shutdown", len(sockets), flush=True)
    for close in list(sockets):
        await close()
    await send({"type": "lifespan.shutdown.complete"})


def numbers(scope: dict[str, Any]) -> tuple[int, int]:
    count, _, size = scope["query_string"].decode().partition("x")
    return int(count), int(size)


def numbered(index: int, size: int) -> str:
    return f"{index:08d}".ljust(size, ".")


async def websocket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    path = scope["path"]
    if path == "/refuse":
        await send(
            {
                "type": "websocket.http.response.start",
                "status": int(scope["query_string"]),
                "headers": [(b"content-type", b"text/plain"), (b"content-length", b"7")],
            }
        )
        await send({"type": "websocket.http.response.body", "body": b"refused"})
        return
    if path == "/deny":
        await send({"type": "websocket.close", "code": 4403})
        return
    if path == "/silent":
        print("silent", (await receive())["type"], flush=True)
        return
    await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
    await HANDLERS[path](scope, receive, send)


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    async def close() -> None:
        await send({"type": "websocket.close", "code": 4001, "reason": "goaway"})

    sockets.add(close)
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            print("disconnect", event["code"], flush=True)
            sockets.discard(close)
            return
        if event.get("bytes") is not None:
            await send({"type": "websocket.close", "code": 1003})
        else:
            await send({"type": "websocket.send", "text": event["text"]})


async def stream(scope: dict[str, Any], receive: Any, send: Any) -> None:
    count, size = numbers(scope)
    for index in range(count):
        await send({"type": "websocket.send", "text": numbered(index, size)})
    print("streamed", count, flush=True)
    await send({"type": "websocket.close"})


async def lean(scope: dict[str, Any], receive: Any, send: Any) -> None:
    count, size = numbers(scope)
    transport = scope["extensions"]["rivulet.transport"]
    for index in range(count):
        if not transport.write(text_frame(numbered(index, size).encode())):
            await transport.drained()
    print("streamed", count, flush=True)
    await send({"type": "websocket.close"})


async def on_drain(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """As `lean`, but driven by the callback alone."""
    count, size = numbers(scope)
    transport = scope["extensions"]["rivulet.transport"]
    done = asyncio.Event()
    position = 0

    def pump() -> None:
        nonlocal position
        while position < count:
            text = numbered(position, size).encode()
            position += 1
            if not transport.write(text_frame(text)):
                return
        done.set()

    transport.on_drain = pump
    pump()
    await done.wait()
    await send({"type": "websocket.close"})


async def slow(scope: dict[str, Any], receive: Any, send: Any) -> None:
    total = 0
    while (event := await receive())["type"] != "websocket.disconnect":
        total += 1
        if event["text"] == "total?":
            await send({"type": "websocket.send", "text": str(total)})
        await asyncio.sleep(0.001)


async def stuck(scope: dict[str, Any], receive: Any, send: Any) -> None:
    try:
        await asyncio.sleep(60)
    finally:
        print("stuck was cancelled", flush=True)


async def held(scope: dict[str, Any], receive: Any, send: Any) -> None:
    transport = scope["extensions"]["rivulet.transport"]
    transport.pause_reading()
    await asyncio.sleep(0.5)
    transport.write(text_frame(b"held"))
    await asyncio.sleep(0.5)
    transport.resume_reading()
    await echo(scope, receive, send)


async def greedy(scope: dict[str, Any], receive: Any, send: Any) -> None:
    transport = scope["extensions"]["rivulet.transport"]
    while not transport.closed:
        transport.write(text_frame(b"x" * 60_000))
        await asyncio.sleep(0)
    print("greedy", (await receive())["code"], flush=True)


async def abort(scope: dict[str, Any], receive: Any, send: Any) -> None:
    scope["extensions"]["rivulet.transport"].abort()
    print("aborted", (await receive())["code"], flush=True)


async def crash(scope: dict[str, Any], receive: Any, send: Any) -> None:
    raise RuntimeError("as asked")


async def close_from_server(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "websocket.close", "code": 4008, "reason": "too slow"})
    print("closed", (await receive())["code"], flush=True)


HANDLERS = {
    "/echo": echo,
    "/stream": stream,
    "/lean": lean,
    "/drain": on_drain,
    "/slow": slow,
    "/stuck": stuck,
    "/held": held,
    "/greedy": greedy,
    "/close": close_from_server,
    "/abort": abort,
    "/crash": crash,
}


async def http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    path = scope["path"]
    if path == "/crash":
        raise RuntimeError("as asked")
    if path == "/body":
        size, more = 0, True
        while more:
            event = await receive()
            size, more = size + len(event["body"]), event["more_body"]
        await respond(send, str(size).encode())
    elif path == "/sse":
        await sse(scope, receive, send)
    elif path == "/lean-sse":
        await lean_sse(scope, receive, send)
    elif path == "/half":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("as asked")
    elif path == "/wait":
        await receive()
        print("waited", (await receive())["type"], flush=True)
    elif path == "/pieces":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"8")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        await send({"type": "http.response.body", "body": b"half"})
    elif path == "/sleep":
        await asyncio.sleep(0.5)
        await respond(send, b"slept")
    elif path == "/begun":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await asyncio.sleep(0.5)
        await send({"type": "http.response.body", "body": b" and ended"})
    elif path == "/scope":
        await respond(send, repr({**scope, "asgi": None}).encode())
    else:
        await respond(send, b"hello " + scope.get("state", {}).get("born", "nowhere").encode())


async def respond(send: Any, body: bytes) -> None:
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


async def sse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    count, size = numbers(scope)
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for index in range(count):
        event = f"data: {numbered(index, size)}\n\n".encode()
        await send({"type": "http.response.body", "body": event, "more_body": True})
    print("streamed", count, flush=True)
    await send({"type": "http.response.body", "body": b""})


async def lean_sse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    count, size = numbers(scope)
    transport = scope["extensions"]["rivulet.transport"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for index in range(count):
        if not transport.write(f"data: {numbered(index, size)}\n\n".encode()):
            await transport.drained()
    await send({"type": "http.response.body", "body": b""})
