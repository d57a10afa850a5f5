"""A line is seen by its place, and a model that stands in for another is named."""

import re
import time
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import expect

from backend.engines import record
from tests.e2e.chat import Chat
from tests.e2e.conftest import Visit
from tests.support.person import Person
from tests.support.product import Product

CARED = """
INSERT INTO catalog_fallback (id, created, updated, model_id, stand_in_id, position)
SELECT gen_random_uuid(), now(), now(), one.id, other.id, 10 FROM catalog_model one, catalog_model other
WHERE one.name = 'error' AND other.name = 'mock';
UPDATE catalog_model SET max_concurrent = 1 WHERE name = 'reasoning'
"""
AS_BEFORE = "DELETE FROM catalog_fallback; UPDATE catalog_model SET max_concurrent = NULL"
CHANGED = "UPDATE catalog_catalogversion SET number = number + 1"


@pytest.fixture
def cared(product: Product, ada: Person) -> Iterator[None]:
    """`mock` stands in for `error`, and `reasoning` gets one call at a time."""

    def change(statements: str, stand_ins: list[str]) -> None:
        with psycopg.connect(record.urls(record.read(product.home)).database) as connection:
            connection.execute(statements)
            connection.execute(CHANGED)
        until = time.monotonic() + 10
        while True:
            found = {one["name"]: one["fallbacks"] for one in ada.api("GET", "models")["items"]}
            if found["error"] == stand_ins:
                return
            assert time.monotonic() < until, "the change of the catalogue is not seen"
            time.sleep(0.05)

    change(CARED, ["mock"])
    yield
    change(AS_BEFORE, [])


def choose(chat: Chat, model: str) -> None:
    chat.page.get_by_role("button", name="Model: ").click()
    chat.page.get_by_role("option", name=model).click()


@pytest.mark.usefixtures("cared")
def test_a_switch_in_mid_answer_is_declared_at_the_answer_and_stays_so(chat: Chat) -> None:
    choose(chat, "error")
    answer = chat.asked("rate=200 n=40")
    told = answer.get_by_text("error broke off; mock went on with the answer.")
    expect(told).to_be_visible()
    expect(answer).to_contain_text("A rivulet is a small")
    assert (chat.stored()["model"], chat.stored()["instead_of"][0]["model"]) == ("mock", "error")
    chat.page.reload()
    expect(told).to_be_visible()
    answer.hover()
    answer.get_by_role("button", name="About this answer").click()
    expect(chat.page.get_by_role("dialog", name="About this answer")).to_contain_text("Instead of")


@pytest.mark.usefixtures("cared")
def test_the_place_in_line_is_shown_until_it_is_ones_turn(chat: Chat, visit: Visit, ada: Person) -> None:
    choose(chat, "reasoning")
    chat.ask("rate=5 n=500")
    expect(chat.stop_button).to_be_visible()
    expect(chat.answers.last).to_contain_text(re.compile("Thinking|Thought"))
    other = Chat(visit(ada), ada)
    choose(other, "reasoning")
    other.ask("rate=0")
    place = other.answers.last.get_by_text("Waiting in line, place 1")
    expect(place).to_be_visible()
    other.page.reload()
    expect(place).to_be_visible()
    chat.stop_button.click()
    other.finished()
    expect(place).to_have_count(0)
    assert other.stored()["status"] == "done"
