"""ChatGPT: `conversations.json` of its data export, a list of conversations.

`mapping` has a node for each step; what it says hangs in `message` (null at the root). An answer is a chain of nodes
(thoughts, calls of tools, what they returned, text), which are put together here. Hidden nodes are passed over, and
what hangs on them hangs on what they hang on.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from backend.jobs.imports.base import (
    BadExport,
    LeftOut,
    Said,
    Told,
    arrange,
    as_dict,
    as_list,
    as_text,
    as_time,
    spaced,
)
from backend.jobs.imports.sources.chatgpt_content import parts_of

_LAST_REASONS = {"stop": "stop", "max_tokens": "length", "interrupted": "interrupted"}


def knows(value: dict[str, Any]) -> bool:
    """By its mapping."""
    return isinstance(value.get("mapping"), dict)


def ident(value: dict[str, Any]) -> str:
    """Older exports have `id` alone."""
    return as_text(value.get("conversation_id")) or as_text(value.get("id"))


def told(value: dict[str, Any]) -> Told:
    """See `Reader`."""
    nodes = {key: as_dict(node) for key, node in value["mapping"].items()}
    walk = _Walk(nodes)
    walk.run()
    created = as_time(value.get("create_time"))
    updated = as_time(value.get("update_time")) or created or datetime.now(UTC)
    for said in walk.found:
        spaced(said.parts)
    last = walk.taken_as.get(as_text(value.get("current_node")))
    return Told(
        id=ident(value),
        title=as_text(value.get("title")),
        created=created or updated,
        updated=updated,
        messages=arrange(walk.found, last=last, at=created or updated),
        model=as_text(value.get("default_model_slug")),
        pinned=value.get("is_starred") is True,
        archived=value.get("is_archived") is True,
        left_out=walk.left_out,
    )


@dataclass(slots=True)
class _Walk:
    nodes: dict[str, dict[str, Any]]
    found: list[Said] = field(default_factory=list)
    taken_as: dict[str, str | None] = field(default_factory=dict)
    """The message that has what a node says, or that comes before it."""
    left_out: LeftOut = field(default_factory=LeftOut)

    def run(self) -> None:
        children: dict[str, list[str]] = {}
        roots: list[str] = []
        for key, node in self.nodes.items():
            parent = node.get("parent")
            if isinstance(parent, str) and parent in self.nodes:
                children.setdefault(parent, []).append(key)
            else:
                roots.append(key)
        waiting: list[tuple[str, str | None, Said | None]] = [(key, None, None) for key in reversed(roots)]
        while waiting:
            key, parent, answer = waiting.pop()
            parent, answer = self._take(key, parent, answer)
            self.taken_as[key] = parent
            below = self._in_order(key, children.get(key, []))
            waiting += [(child, parent, answer if len(below) == 1 else None) for child in reversed(below)]
        if len(self.taken_as) < len(self.nodes):
            raise BadExport("broken_tree", "Its messages answer each other in a circle.")

    def _in_order(self, key: str, children: list[str]) -> list[str]:
        order = {
            child: at for at, child in enumerate(as_list(self.nodes[key].get("children"))) if isinstance(child, str)
        }
        return sorted(children, key=lambda child: order.get(child, len(order)))

    def _take(self, key: str, parent: str | None, answer: Said | None) -> tuple[str | None, Said | None]:
        """What comes of a node: what is below it hangs on the first, and may go on in the second."""
        message = as_dict(self.nodes[key].get("message"))
        if not message:
            return parent, answer
        if _hidden(message):
            if any(as_text(part).strip() for part in as_list(as_dict(message.get("content")).get("parts"))):
                self.left_out.add("hidden")
            return parent, answer
        role = as_dict(message.get("author")).get("role")
        parts = parts_of(message, self.left_out)
        if role in {"assistant", "tool"}:
            if answer is None and parts:
                answer = Said(key=key, parent=parent, role="assistant", parts=[])
                self.found.append(answer)
            if answer is None:
                return parent, None
            answer.parts += parts
            _note(answer, message)
            return answer.key, answer
        if not parts:
            return parent, None
        self.found.append(
            Said(
                key=key,
                parent=parent,
                role="user" if role == "user" else "system",
                parts=parts,
                created=as_time(message.get("create_time")),
            )
        )
        return key, None


def _hidden(message: dict[str, Any]) -> bool:
    metadata = as_dict(message.get("metadata"))
    return metadata.get("is_visually_hidden_from_conversation") is True or message.get("weight") == 0


def _note(answer: Said, message: dict[str, Any]) -> None:
    metadata = as_dict(message.get("metadata"))
    answer.model = as_text(metadata.get("model_slug")) or answer.model
    answer.created = answer.created or as_time(message.get("create_time"))
    details = as_dict(metadata.get("finish_details"))
    answer.reason = _LAST_REASONS.get(as_text(details.get("type")), "") or answer.reason
    cut = message.get("status") in {"in_progress", "finished_partial_completion"} or answer.reason == "interrupted"
    answer.status = "incomplete" if cut else "done"
