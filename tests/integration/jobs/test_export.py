"""An export: every conversation of its owner, whole, and nobody else's."""

import json

from tests.integration.jobs.conftest import JobSite


async def test_an_export_has_every_conversation_of_its_owner_whole(site: JobSite):
    ada, _ = await site.someone()
    eve, _ = await site.someone("eve@example.org")
    for client, text in ((ada, "first"), (ada, "second"), (eve, "hers")):
        started = (await client.post("/api/v1/messages", json={"content": text})).json()
        await site.ended(client, started)
    gone = (await ada.post("/api/v1/messages", json={"content": "gone"})).json()
    await site.ended(ada, gone)
    await ada.delete(f"/api/v1/conversations/{gone['conversation']}")
    job = (await ada.post("/api/v1/jobs", json={"kind": "export", "spec": {}})).json()
    await site.work(job)
    ended = await site.seen(ada, job)
    assert (ended["status"], ended["done"]) == ("done", 2)
    lines = (await ada.get(f"/api/v1/jobs/{job['id']}/result?format=jsonl")).text.splitlines()
    told = [[(message["role"], message["text"]) for message in json.loads(line)["messages"]] for line in lines]
    answer = ("assistant", "tok0 tok1 tok2 ")
    assert told == [[("user", "first"), answer], [("user", "second"), answer]]


async def test_an_export_of_nothing_has_failed_and_says_so(site: JobSite):
    client = await site.ada()
    job = (await client.post("/api/v1/jobs", json={"kind": "export", "spec": {}})).json()
    await site.work(job)
    ended = await site.seen(client, job)
    assert (ended["status"], ended["error"]["message"]) == ("failed", "There is no conversation to export.")
    wrong = await client.post("/api/v1/jobs", json={"kind": "export", "spec": {"everything": True}})
    assert wrong.json()["errors"][0]["field"] == "spec.everything"
