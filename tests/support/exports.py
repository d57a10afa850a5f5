"""Exports of other sites in small: written by hand, with the odds and ends that real ones have."""

from typing import Any

BEGUN = 1_700_000_000.25


def node(key: str, parent: str | None, children: list[str], message: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"id": key, "parent": parent, "children": children, "message": message}


def says(key: str, role: str, *parts: Any, at: float = 0, **more: Any) -> dict[str, Any]:
    content = more.pop("content", {"content_type": "text", "parts": list(parts)})
    author = {"role": role, "name": more.pop("name", None), "metadata": {}}
    metadata = more.pop("metadata", {})
    given = {"status": "finished_successfully", "end_turn": True, "weight": 1.0, "recipient": "all", "channel": None}
    times = {"create_time": BEGUN + at, "update_time": None}
    return {"id": key, "author": author, **times, "content": content, **given, "metadata": metadata, **more}


def chatgpt() -> dict[str, Any]:
    """A question, edited once; an answer with thoughts, a search and code; one done again; hidden nodes between."""
    image = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_00c0ffee", "width": 9}
    cited = "It rains \ue200cite\ue202turn0search1\ue201 there.\ue200filecite\ue202x\ue201"
    reference = {
        "matched_text": "\ue200cite\ue202turn0search1\ue201",
        "type": "grouped_webpages",
        "alt": None,
        "items": [{"title": "Weather [today]", "url": "https://weather.test/a(b)"}, {"url": "javascript:alert(1)"}],
    }
    profile = {"content_type": "user_editable_context", "user_profile": "I am Ada", "user_instructions": "Be short"}
    hidden = {"is_visually_hidden_from_conversation": True}
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "Looking", "content": "I look outside."}]}
    recap = {"content_type": "reasoning_recap", "content": "Thought for 3 seconds"}
    code = {"content_type": "code", "language": "unknown", "text": '{"q": "rain"}'}
    output = {"content_type": "execution_output", "text": "12 mm"}
    model = {"model_slug": "o3", "finish_details": {"type": "stop"}}
    nodes = [
        node("root", None, ["sys"]),
        node("sys", "root", ["ctx"], says("sys", "system", "", weight=0.0, metadata=hidden)),
        node(
            "ctx", "sys", ["q1", "q2"], says("ctx", "user", content=profile, metadata={"is_user_system_message": True})
        ),
        node("q1", "ctx", ["a1"], says("q1", "user", "Does it rain?", at=1)),
        node("a1", "q1", [], says("a1", "assistant", "Where?", at=2, metadata={"model_slug": "gpt-4o"})),
        node(
            "q2",
            "ctx",
            ["t1", "b1"],
            says(
                "q2",
                "user",
                at=3,
                content={"content_type": "multimodal_text", "parts": [image, "Does it rain in Rome?"]},
                metadata={"attachments": [{"id": "file-1", "name": "map.pdf", "mime_type": "application/pdf"}]},
            ),
        ),
        node("t1", "q2", ["t2"], says("t1", "assistant", content=thoughts, at=4, metadata=model)),
        node("t2", "t1", ["c1"], says("t2", "assistant", content=recap, at=5, metadata=model)),
        node("c1", "t2", ["o1"], says("c1", "assistant", content=code, recipient="web.run", at=6, metadata=model)),
        node("o1", "c1", ["h1"], says("o1", "tool", content=output, name="web.run", at=7)),
        node("h1", "o1", ["a2"], says("h1", "system", "Do not repeat.", metadata=hidden)),
        node(
            "a2", "h1", [], says("a2", "assistant", cited, at=8, metadata={**model, "content_references": [reference]})
        ),
        node("b1", "q2", [], says("b1", "assistant", "Perhaps", at=9, status="in_progress", metadata=model)),
    ]
    return {
        "title": "Rain",
        "create_time": BEGUN,
        "update_time": BEGUN + 60,
        "mapping": {one["id"]: one for one in nodes},
        "moderation_results": [],
        "current_node": "a2",
        "conversation_id": "6a1f0000-0000-4000-8000-00000000c0de",
        "id": "6a1f0000-0000-4000-8000-00000000c0de",
        "default_model_slug": "o3",
        "is_archived": True,
        "is_starred": None,
    }


def openwebui() -> dict[str, Any]:
    """Two models side by side, one continued; reasoning and a tool in the text, an image, a source, an error."""

    def message(key: str, parent: str | None, children: list[str], role: str, content: Any, **more: Any) -> Any:
        return {"id": key, "parentId": parent, "childrenIds": children, "role": role, "content": content, **more}

    thought = (
        '<details type="reasoning" done="true" duration="2">\n<summary>Thought for 2 seconds</summary>\n'
        "&gt; 6 times 7\n&gt; is easy\n</details>\n"
    )
    called = (
        '<details type="tool_calls" done="true" id="call_1" name="multiply" '
        'arguments="&quot;{\\&quot;a\\&quot;: 6}&quot;" result="&quot;42&quot;">\n'
        "<summary>Tool Executed</summary>\n</details>\n"
    )
    source = {
        "source": {"name": "numbers.test", "url": "https://numbers.test/42"},
        "document": ["Forty-two is a number."],
        "metadata": [{"source": "https://numbers.test/42", "title": "Forty-two"}],
    }
    files = [
        {"type": "image", "url": "data:image/png;base64,iVBORw0KGgo="},
        {"type": "file", "name": "sums.txt", "file": {"id": "f1"}},
    ]
    messages = [
        message("u1", None, ["a1", "a2"], "user", "6 x 7?", files=files, timestamp=1_700_000_000, models=["m1", "m2"]),
        message(
            "a1",
            "u1",
            ["u2"],
            "assistant",
            thought + called + "It is **42**.",
            model="m1",
            modelIdx=0,
            timestamp=1_700_000_005,
            done=True,
            usage={"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
            sources=[source],
        ),
        message(
            "a2",
            "u1",
            [],
            "assistant",
            "",
            model="m2",
            modelIdx=1,
            timestamp=1_700_000_006,
            error={"content": "Out of memory"},
        ),
        message("u2", "a1", ["a3"], "user", [{"type": "text", "text": "Sure?"}], timestamp=1_700_000_010),
        message(
            "a3", "u2", [], "assistant", "<think>Sure.</think>Yes", model="m1", timestamp=1_700_000_011, done=False
        ),
    ]
    chat = {
        "id": "",
        "title": "Sums",
        "models": ["m1", "m2"],
        "params": {"system": "You are good at sums."},
        "history": {"messages": {one["id"]: one for one in messages}, "currentId": "a3"},
        "messages": messages[:1],
        "tags": [],
        "timestamp": 1_700_000_000_000,
        "files": [],
    }
    ids = {"id": "0f3c9d6e-owui", "user_id": "u"}
    times = {"created_at": 1_700_000_000, "updated_at": 1_700_000_011}
    rest: dict[str, Any] = {
        "share_id": None,
        "archived": False,
        "pinned": True,
        "meta": {"tags": []},
        "folder_id": None,
    }
    return {**ids, "title": "Sums", "chat": chat, **times, **rest}


def librechat(*, recursive: bool) -> dict[str, Any]:
    """A story, told twice; parts, a file and a call of a tool; the second one cut."""

    def message(key: str, parent: str, *, by_user: bool, at: int, **more: Any) -> dict[str, Any]:
        return {
            "messageId": key,
            "parentMessageId": parent,
            "conversationId": "lc-1",
            "isCreatedByUser": by_user,
            "sender": "User" if by_user else "GPT",
            "createdAt": f"2024-05-28T18:00:{at:02}.500Z",
            "error": False,
            "unfinished": False,
            "model": None if by_user else "gpt-4o",
            **more,
        }

    call = {"id": "c1", "name": "dice", "args": '{"sides": 6}', "output": "4", "type": "tool_call"}
    content = [
        {"type": "think", "think": "A story."},
        {"type": "tool_call", "tool_call": call},
        {"type": "text", "text": {"value": "Once upon"}},
    ]
    root = "00000000-0000-0000-0000-000000000000"
    file = {"file_id": "f1", "filename": "plot.txt", "type": "text/plain"}
    asked = message("m1", root, by_user=True, at=1, text="A story?", files=[file])
    told = message("m2", "m1", by_user=False, at=2, text="", content=content, finish_reason="stop")
    cut = message("m3", "m1", by_user=False, at=3, text="There was", unfinished=True)
    more = message("m4", "m2", by_user=True, at=4, text="Go on")
    if recursive:
        messages = [{**asked, "children": [{**told, "children": [{**more, "children": []}]}, {**cut, "children": []}]}]
    else:
        messages = [asked, told, cut, more]
    return {
        "conversationId": "lc-1",
        "endpoint": "openAI",
        "title": "Story",
        "exportAt": "08:12:16 GMT-0400",
        "branches": True,
        "recursive": recursive,
        "options": {"model": "gpt-4o", "promptPrefix": "Tell it well.", "temperature": 1},
        "messages": messages,
    }
