"""What is typed is sent exactly once: by whichever tab can, after cuts, crashes and reloads."""

import contextlib
import json

import pytest
from playwright.sync_api import Error, Page, Route, WebSocketRoute, expect

from tests.e2e.chat import Chat, unsent, wait
from tests.e2e.conftest import Visit
from tests.e2e.watch import Watch
from tests.support.person import Person
from tests.support.upstream import Upstream

BROKEN = r"ERR_|WebSocket connection|status of 50\d"
WAITS = "Waits for the connection, then goes by itself."
PASTE = """(field, text) => {
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, text);
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}"""
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })"
NO_DATABASE = "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('', 'SecurityError') } })"


def beside(chat: Chat, path: str) -> Chat:
    """Another tab of the same browser."""
    page = chat.page.context.new_page()
    page.goto(path)
    return Chat(page, chat.person)


def without_replies(page: Page) -> list[str]:
    """From its next connection on, this tab's sends reach the server and no reply comes back. Gives what went up."""
    sent: list[str] = []
    greeted: list[bool] = []

    def carry(ws: WebSocketRoute) -> None:
        server = ws.connect_to_server()
        ids: set[int] = set()

        def up(frame: str | bytes) -> None:
            command = json.loads(frame)
            if command["cmd"] == "message.send":
                sent.append(command["client_msg_id"])
                ids.add(command["id"])
            server.send(frame)

        def down(frame: str | bytes) -> None:
            reply = json.loads(frame)
            if reply.get("id") not in ids:
                ws.send(frame)
            if "client" in reply.get("result", {}):
                greeted.append(True)

        ws.on_message(up)
        server.on_message(down)

    page.route_web_socket("**/ws/v1/", carry)
    page.reload()
    wait(page, lambda: greeted != [], "it is connected, or another tab would be quicker")
    return sent


def crash(page: Page) -> None:
    """The tab's process is gone at once, without a word."""
    with page.expect_event("crash"), contextlib.suppress(Error):
        page.goto("chrome://crash")


def sent_once(person: Person, upstream: Upstream, ident: str) -> None:
    """One conversation, one question, one call of the provider."""
    (only,) = person.api("GET", "conversations")["items"]
    assert [one["role"] for one in person.messages(only["id"])] == ["user", "assistant"]
    assert upstream.calls(ident) == 1


@pytest.mark.parametrize("script", ["", NO_LOCKS], ids=["locks", "leases"])
def test_two_tabs_that_come_online_together_send_what_one_of_them_wrote_once(
    chat: Chat, watch: Watch, upstream: Upstream, script: str
) -> None:
    watch.expect(BROKEN)
    context, ident = chat.page.context, f"together{len(script)}"
    context.add_init_script(script)
    chat.page.reload()
    chat.asked("text=plain rate=0")
    other = beside(chat, f"/c/{chat.id}")
    other.finished()
    context.set_offline(True)
    chat.ask(f"text=plain rate=0 id={ident}")
    expect(other.questions.last).to_contain_text(ident)
    expect(other.answers.last).to_contain_text(WAITS)
    context.set_offline(False)
    for tab in (chat, other):
        tab.finished()
        expect(tab.questions).to_have_count(2)
        expect(tab.page.get_by_text(WAITS)).to_have_count(0)
    assert upstream.calls(ident) == 1
    assert [one["role"] for one in chat.person.messages(chat.id)] == ["user", "assistant"] * 2


def test_what_a_tab_wrote_before_it_died_another_one_sends_without_a_reload(
    chat: Chat, ada: Person, upstream: Upstream
) -> None:
    other = beside(chat, "/")
    expect(other.composer).to_be_visible()
    sent = without_replies(chat.page)
    chat.ask("text=plain rate=0 id=orphan")
    wait(chat.page, lambda: len(sent) == 1, "it was in the middle of sending")
    assert upstream.calls("orphan") <= 1
    crash(chat.page)
    other.page.get_by_role("link", name="orphan").click()
    other.finished()
    expect(other.questions).to_contain_text(["orphan"])
    wait(other.page, lambda: unsent(other.page) == [], "the other tab sent it")
    sent_once(ada, upstream, "orphan")


def test_a_reload_in_the_middle_of_sending_sends_it_once(chat: Chat, ada: Person, upstream: Upstream) -> None:
    sent = without_replies(chat.page)
    chat.ask("text=plain rate=0 id=reloaded")
    wait(chat.page, lambda: len(sent) == 1, "it was in the middle of sending")
    chat.page.reload()
    wait(chat.page, lambda: len(sent) == 2, "it was sent again")
    chat.page.unroute_all()
    again = beside(chat, "/")
    chat.page.close()
    again.page.get_by_role("link", name="reloaded").click()
    again.finished()
    assert sent[0] == sent[1]
    wait(again.page, lambda: unsent(again.page) == [], "it left the outbox")
    sent_once(ada, upstream, "reloaded")


def test_a_long_paste_whose_reply_is_lost_is_sent_once_by_one_of_two_tabs(
    chat: Chat, watch: Watch, ada: Person, upstream: Upstream
) -> None:
    watch.expect(BROKEN)
    other = beside(chat, "/")
    expect(other.composer).to_be_visible()
    calls: list[str] = []

    def lose(route: Route) -> None:
        calls.append(route.request.headers["idempotency-key"])
        if len(calls) > 1:
            route.continue_()
            return
        route.fetch()
        route.abort("connectionreset")

    chat.page.context.route("**/api/v1/messages", lose)
    # Typing so much through the browser's own editing takes it 15 seconds; this is at once.
    chat.composer.evaluate(PASTE, "text=plain rate=0 id=pasted " + "a line of some words\n" * 3_200)
    chat.composer.press("Enter")
    chat.finished()
    assert len(calls) > 1
    assert len(set(calls)) == 1
    expect(chat.questions).to_have_count(1)
    wait(other.page, lambda: unsent(other.page) == [], "it left the outbox")
    sent_once(ada, upstream, "pasted")


def test_a_browser_that_keeps_nothing_says_so_and_sends_once(
    visit: Visit, ada: Person, watch: Watch, upstream: Upstream
) -> None:
    watch.expect(BROKEN)
    page = visit(ada)
    page.context.add_init_script(NO_DATABASE)
    page.reload()
    chat = Chat(page, ada)
    expect(chat.composer).to_be_visible()
    page.context.set_offline(True)
    chat.ask("text=plain rate=0 id=memory")
    expect(chat.answers.last).to_contain_text("This browser keeps nothing for later: leave this tab open.")
    page.context.set_offline(False)
    chat.finished()
    sent_once(ada, upstream, "memory")
