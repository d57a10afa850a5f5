"""An answer that OpenAI writes in the background outlives the process that reads it: asked for once, and paid once."""

import asyncio
import signal

from tests.faults.world import World
from tests.support import run
from tests.support.responses import reasoning, responses

WORDS = [f"word {number}\n" for number in range(120)]


async def test_it_is_taken_up_by_another_node_when_its_own_is_killed() -> None:
    async with responses() as openai:
        gates = [asyncio.Event(), asyncio.Event()]
        openai.script = lambda body: [reasoning("Hm"), *WORDS[:40], gates[0], *WORDS[40:80], gates[1], *WORDS[80:]]
        site = World(
            run.new_home(),
            nodes=2,
            scale=0.2,
            seed=1,
            OPENAI_BASE_URL=openai.url,
            OPENAI_CONTINUATION="background",
        )
        world = await asyncio.to_thread(site.__enter__)
        try:
            started = await world.send("Count.")
            owner = world.owner(started)
            async with world.follower(started, world.behind(3 - owner)) as reader:
                await reader.until(WORDS[39])
                async with world.kept_down(f"web-{owner}", signal.SIGKILL):
                    gates[0].set()  # It is written on while nobody reads.
                    await reader.until(WORDS[79])
                    assert world.owner(started) == 3 - owner
                    gates[1].set()
                    await world.ended(reader)
            assert reader.problems == []
            assert reader.terminal == ["done"]
            assert reader.text == "".join(WORDS) == (await world.message(started["message"]))["text"]
            resumed = [event["data"]["exact"] for event in await world.log(started) if event["type"] == "resumed"]
            assert resumed == [True]
            made, again = (line for line in openai.lines if "models" not in line)
            assert made == "POST /v1/responses"
            assert again.startswith("GET /v1/responses/resp_1?")
            assert openai.cancelled == []
        finally:
            await asyncio.to_thread(site.__exit__)
