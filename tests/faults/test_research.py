"""Row 29 for a research: whatever its worker dies at, another one goes on from what is stored."""

import asyncio
import signal
import uuid
from collections import Counter

from tests.faults.test_jobs import Batch, place
from tests.faults.world import World

STEPS = 24
"""Of a research as the scripted model does it: there are a few more of them, by how it goes."""


async def test_row_29_a_research_goes_on_after_its_worker_was_killed_and_reads_nothing_twice(world: World) -> None:
    assert world.web is not None
    name = uuid.uuid4().hex[:8]
    question = f"Why are there tides? rounds=2 lies text=research rate=400 id={name}"
    job = await world.call("POST", "jobs", {"kind": "research", "spec": {"question": question, "model": "mock"}})
    before = Counter(world.web.reads)
    research = Batch(world, job, name, STEPS)
    await research.until(world.chance.randrange(1, 16))
    place(world, research, signal.SIGKILL)
    async with asyncio.timeout(world.limit(60)):
        await research.follow()
    assert research.problems == []
    assert research.events[-1]["data"]["status"] == "done"

    report = await world.call("GET", f"jobs/{job['id']}/report")
    assert report["verified"]
    assert report["citations"]
    for one in report["citations"]:
        source = await world.call("GET", f"jobs/{job['id']}/sources/{one['source']}")
        assert source["text"][one["start"] : one["end"]] == one["quote"]
    assert report["dropped"], "what the model made up was caught"

    rows = world.rows("SELECT input->>'do', model, attempt, lost FROM jobs_jobrow WHERE job_id = %s", job["id"])
    assert all(attempt == 1 + lost for _, _, attempt, lost in rows)
    asked = sum(attempt for _, model, attempt, _ in rows if model)
    assert sum(bool(model) for _, model, _, _ in rows) <= world.upstream.calls(name) <= asked
    lost = sum(lost for do, _, _, lost in rows if do == "read")
    read = Counter(world.web.reads) - before
    assert sum(read.values()) <= sum(do == "read" for do, *_ in rows) + lost
    told = [event["data"]["index"] for event in research.events if event["type"] == "row"]
    assert sorted(told) == list(range(len(rows)))
