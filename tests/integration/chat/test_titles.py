"""A conversation gets a title by itself; a person's stands."""

from dataclasses import replace
from uuid import UUID

from backend.chat import services
from backend.chat.schemas import ConversationUpdate
from backend.chat.selectors import conversation_get
from backend.core.db import in_thread
from backend.providers.base import CompletionRequest, Finish, ProviderError, TextDelta
from tests.support.bench import FAST, Bench
from tests.support.scripted import Step, words


def titled(request: CompletionRequest) -> list[Step]:
    if request.messages[0]["content"].startswith("Write a title"):
        return [[TextDelta('"Counting to '), TextDelta('three"')], [Finish("stop")]]
    return [words(3), [Finish("stop")]]


async def title(bench: Bench, conversation: UUID) -> str:
    return (await conversation_get(conversation=conversation))[0].title


async def test_the_model_gives_the_title_after_the_first_answer_only(bench: Bench) -> None:
    bench.host.settings = replace(FAST, titles=True)
    bench.provider.script = titled
    ada = await bench.person()
    started = await bench.send(ada, "please count")
    assert await title(bench, started.conversation) == "please count"

    async def given() -> bool:
        return await title(bench, started.conversation) == "Counting to three"

    await bench.until(given)
    await bench.ended(await bench.send(ada, "again", conversation=started.conversation))
    assert len(bench.provider.calls) == 3
    changed = [e["data"] for e in await bench.events(started.conversation) if e["type"] == "conversation.updated"]
    assert changed == [{"title": "Counting to three"}]


async def test_a_persons_title_is_never_replaced(bench: Bench) -> None:
    bench.provider.script = titled
    ada = await bench.person()
    started = await bench.send(ada, "please count")
    data = ConversationUpdate(title="Mine")
    await in_thread(services.conversation_update, principal=ada, conversation=started.conversation, data=data)
    from backend.chat.titles import title_set

    assert not await in_thread(title_set, conversation=started.conversation, title="Theirs")
    assert await title(bench, started.conversation) == "Mine"


async def test_a_title_that_fails_leaves_the_first_words(bench: Bench) -> None:
    bench.host.settings = replace(FAST, titles=True)

    def script(request: CompletionRequest) -> list[Step]:
        if request.messages[0]["content"].startswith("Write a title"):
            return [ProviderError("no")]
        return [words(3), [Finish("stop")]]

    bench.provider.script = script
    ada = await bench.person()
    started = await bench.send(ada, "please count")
    assert (await bench.ended(started)).status == "done"

    async def asked() -> bool:
        return len(bench.provider.calls) == 2 and not bench.host._side

    await bench.until(asked)
    assert await title(bench, started.conversation) == "please count"


async def test_without_titles_no_side_call_is_made(bench: Bench) -> None:
    bench.provider.script = titled
    ada = await bench.person()
    await bench.ended(await bench.send(ada, "please count"))
    assert len(bench.provider.calls) == 1
    assert not bench.host._side
