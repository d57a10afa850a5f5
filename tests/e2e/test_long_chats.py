"""A conversation of 1,000 messages stays quick."""

import json

import pytest
from playwright.sync_api import expect

from tests.e2e.chat import Chat, until
from tests.e2e.conftest import Visit
from tests.load.scripts import MARKDOWN
from tests.support.person import Person
from tests.support.product import Product

MESSAGES = 1000
FILL = """
import json
from django.db import transaction
from backend.chat.models import Conversation, Message
from backend.core.ids import new_id
told = json.loads({told!r})
chat = Conversation.objects.get(id=told["conversation"])
rows, parent = [], None
for number in range(told["count"]):
    role = "assistant" if number % 2 else "user"
    text = f"Answer {{number}}\\n\\n{{told['text']}}" if number % 2 else f"Question {{number}}"
    rows.append(Message(id=new_id(), conversation=chat, parent_id=parent, seq=chat.position + number + 1, role=role,
                        parts=[{{"kind": "text", "text": text}}], text=text, model="mock" if number % 2 else ""))
    parent = rows[-1].id
with transaction.atomic():
    Message.objects.bulk_create(rows, batch_size=250)
    Conversation.objects.filter(id=chat.id).update(position=chat.position + told["count"])
"""
KEYSTROKES = """async (box) => {
  const times = [];
  for (let index = 0; index < 40; index += 1) {
    const begun = performance.now();
    box.setRangeText("x", box.value.length, box.value.length, "end");
    box.dispatchEvent(new InputEvent("input", { bubbles: true, data: "x", inputType: "insertText" }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}"""
SCROLL = """async (box) => {
  const times = [];
  let before = performance.now();
  for (let index = 0; index < 60; index += 1) {
    box.scrollTop -= 400;
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - before);
    before = performance.now();
  }
  return times.sort((a, b) => a - b);
}"""


def long_chat(ada: Person, product: Product) -> str:
    chat = str(ada.api("POST", "conversations", {"title": "A long conversation"})["id"])
    told = json.dumps({"conversation": chat, "count": MESSAGES, "text": MARKDOWN[:900]})
    product.manage("shell", "-c", FILL.format(told=told))
    return chat


@pytest.mark.alone
def test_a_thousand_messages_are_read_scrolled_and_answered_quickly(
    visit: Visit, ada: Person, product: Product
) -> None:
    page = visit(ada, f"/c/{long_chat(ada, product)}")
    chat = Chat(page, ada)
    expect(page.get_by_text(f"Answer {MESSAGES - 1}", exact=True)).to_be_visible()
    expect(chat.answers.last).to_be_in_viewport()
    times = chat.composer.evaluate(KEYSTROKES)
    assert times[len(times) // 2] < 50, "half of the keystrokes are on the screen within 50 ms"
    assert times[-3] < 150
    frames = chat.scroller.evaluate(SCROLL)
    assert frames[len(frames) // 2] < 60, "scrolling keeps at it"
    chat.composer.fill("text=plain rate=50")
    chat.composer.press("Enter")
    expect(page.get_by_text("that never breaks is the point of it all.")).to_be_visible()
    chat.finished()


def test_all_of_it_is_reached_by_scrolling_up_and_little_of_it_is_mounted(
    visit: Visit, ada: Person, product: Product
) -> None:
    page = visit(ada, f"/c/{long_chat(ada, product)}")
    chat = Chat(page, ada)
    expect(page.get_by_text(f"Answer {MESSAGES - 1}", exact=True)).to_be_visible()
    first = page.get_by_text("Question 0", exact=True)
    for _ in range(60):
        chat.scroller.evaluate("box => { box.scrollTop = 0; }")
        until(page, "box => !box.textContent.includes('Loading earlier messages')", chat.scroller.element_handle())
        if first.is_visible():
            break
    expect(first).to_be_visible()
    assert chat.messages.count() < 250
