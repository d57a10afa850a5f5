"""The topics that chat serves: `generation.<id>`, `conversation.<id>` and `user.<id>`."""

from backend.chat.host import GenerationHost
from backend.chat.topics.conversation import ConversationKind
from backend.chat.topics.generation import GenerationKind
from backend.chat.topics.user import UserKind
from backend.chat.topics.versions import topic_versions
from realtime import TopicKind

__all__ = ["ConversationKind", "GenerationKind", "UserKind", "kinds", "topic_versions"]


def kinds(host: GenerationHost) -> list[TopicKind]:
    """All of them, for `Node.register`."""
    return [GenerationKind(host), ConversationKind(), UserKind()]
