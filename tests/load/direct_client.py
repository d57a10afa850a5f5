"""The scripted upstream read without the product between: the limit that a table needs beside it."""

import asyncio
import json
import time

from tests.load.socket_client import Transcript

TOPIC = "generation.direct"


async def read_direct(port: int, *, content: str) -> Transcript:
    """One streamed completion; each read is kept as if it were an event with its text."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"model": "mock", "stream": True, "messages": [{"role": "user", "content": content}]}).encode()
    transcript = Transcript(topic=TOPIC, sent=time.monotonic_ns())
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    buffer, offset = b"", 0
    while b"data: [DONE]" not in buffer:
        data = await reader.read(65536)
        if not data:
            break
        now = time.monotonic_ns()
        *lines, buffer = (buffer + data).split(b"\n\n")
        for line in lines:
            at = line.find(b'{"id"')
            if at < 0:
                continue
            choices = json.loads(line[at:])["choices"]
            text = choices[0]["delta"].get("content") if choices else None
            if text:
                offset += 1
                event = {"topic": TOPIC, "epoch": "d", "offset": offset, "type": "part.delta", "data": {"text": text}}
                transcript.frames.append((now, json.dumps(event).encode()))
        if any(b"[DONE]" in line for line in lines):
            break
    writer.close()
    return transcript
