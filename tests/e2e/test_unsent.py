"""What could not be sent yet: it stays its writer's, and none of it is in the way of the rest."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.e2e.chat import Chat, unsent, wait
from tests.e2e.conftest import Visit
from tests.e2e.watch import Watch
from tests.support.person import PASSWORD, Person

OFFLINE = r"ERR_|WebSocket connection|status of 401"
WAITS = "Waits for the connection, then goes by itself."
MOST = 1_000_000


def sign_in(page: Page, person: Person) -> None:
    page.get_by_label("E-mail", exact=True).fill(person.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name=person.name, exact=True)).to_be_visible()


def sign_out(page: Page, person: Person) -> None:
    page.get_by_role("button", name=person.name, exact=True).click()
    page.get_by_role("menuitem", name="Sign out").click()


def left_unsent(context: BrowserContext, chat: Chat, text: str) -> None:
    """Written without a network, with a draft in another chat; then the tab is closed, in the same moment."""
    context.set_offline(True)
    chat.ask(text)
    expect(chat.answers.last).to_contain_text(WAITS)
    chat.page.close()
    context.set_offline(False)


def storage(page: Page) -> str:
    kept: str = page.evaluate("JSON.stringify(localStorage)")
    return kept


def test_what_one_person_left_unsent_is_neither_shown_nor_sent_for_the_next(
    visit: Visit, person: Callable[..., Person], watch: Watch
) -> None:
    watch.expect(OFFLINE)
    bob, carol = person("bob"), person("carol")
    kept = str(bob.api("POST", "conversations", {"title": "Kept"})["id"])
    chat = Chat(visit(bob, f"/c/{kept}"), bob)
    context = chat.page.context
    chat.composer.fill("bob's half thought")
    chat.page.get_by_role("link", name="New chat").or_(chat.page.get_by_role("button", name="New chat")).first.click()
    left_unsent(context, chat, "text=plain bob's secret question")
    bob.account("DELETE", "auth/session", status=401)

    page = context.new_page()
    page.goto("/")
    sign_in(page, carol)
    hers = Chat(page, carol)
    expect(hers.composer).to_have_value("")
    expect(page.get_by_text("secret question")).to_have_count(0)
    hers.asked("text=plain carol's own")
    assert [one["title"] for one in carol.api("GET", "conversations")["items"]] == ["text=plain carol's own"]
    sign_out(page, carol)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.goto("/login")
    sign_in(page, bob)
    his = Chat(page, bob)
    expect(his.questions).to_contain_text(["text=plain bob's secret question"])
    his.finished()
    page.get_by_role("link", name="Kept").click()
    expect(his.composer).to_have_value("bob's half thought")


def test_signing_out_tells_what_would_be_lost_and_takes_it_out_of_the_browser(
    visit: Visit, ada: Person, watch: Watch
) -> None:
    watch.expect(OFFLINE)
    watch.expect(r"status of 401 .*/auth/session")
    chat = Chat(visit(ada), ada)
    chat.page.route_web_socket("**/ws/v1/", lambda ws: ws.close(code=4014))
    chat.page.reload()
    chat.ask("text=plain a secret of mine")
    expect(chat.answers.last).to_contain_text(WAITS)
    sign_out(chat.page, ada)
    told = chat.page.get_by_role("dialog")
    expect(told).to_contain_text("1 message has not reached the server.")
    told.get_by_role("button", name="Stay signed in").click()
    expect(chat.questions).to_have_count(1)
    sign_out(chat.page, ada)
    told.get_by_role("button", name="Sign out and lose it").click()
    expect(chat.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "secret" not in storage(chat.page)
    wait(chat.page, lambda: unsent(chat.page) == [], "the outbox is empty")
    assert ada.me["id"] not in storage(chat.page)


def test_a_long_paste_is_simply_sent(chat: Chat) -> None:
    text = "text=plain rate=0 " + "éééééééé " * 25_000 + "end"
    chat.ask(text)
    chat.finished()
    expect(chat.questions).to_have_count(1)
    chat.ask("text=plain rate=0 " + "bbbb " * 25_000 + "end")
    chat.finished()
    expect(chat.questions).to_have_count(2)
    stored = chat.person.messages(chat.id)
    assert [one["role"] for one in stored] == ["user", "assistant"] * 2
    assert chat.person.api("GET", f"messages/{stored[0]['id']}")["text"] == text


def test_what_is_longer_than_any_message_is_refused_in_a_sentence_and_kept(chat: Chat) -> None:
    text = "a" * (MOST + 200_000)
    chat.composer.fill(text)
    chat.composer.press("Enter")
    expect(chat.composer).to_have_accessible_description(
        "This has 1,200,000 characters; a message can have 1,000,000. Shorten it, or send it in pieces."
    )
    expect(chat.questions).to_have_count(0)
    assert chat.composer.input_value() == text
    chat.composer.fill("text=plain rate=0")
    chat.composer.press("Enter")
    chat.finished()


def test_a_message_that_closes_the_socket_is_set_aside_and_the_rest_goes_on(
    visit: Visit, ada: Person, watch: Watch
) -> None:
    watch.expect(r"closed with 1009|RealtimeError")
    chat = Chat(visit(ada), ada)
    carried: list[str] = []

    def carry(ws: WebSocketRoute) -> None:
        server = ws.connect_to_server()

        def up(frame: str | bytes) -> None:
            if "poison" in str(frame):
                carried.append(str(frame))
                ws.close(code=1009, reason="a frame is too large")
            else:
                server.send(frame)

        ws.on_message(up)

    chat.page.route_web_socket("**/ws/v1/", carry)
    chat.page.reload()
    chat.ask("poison")
    expect(chat.answers.last).to_contain_text("Not sent. The connection broke each time it was sent.")
    assert len(carried) == 2
    chat.composer.fill("text=plain rate=0 after it")
    chat.composer.press("Enter")
    expect(chat.questions).to_contain_text(["text=plain rate=0 after it"])
    chat.finished()
    chat.page.reload()
    chat.finished()
    expect(chat.questions).to_contain_text(["text=plain rate=0 after it"])
    assert [one["role"] for one in ada.messages(chat.id)] == ["user", "assistant"]
    assert len(carried) == 2
    chat.page.get_by_role("button", name="Next version").click()
    expect(chat.answers.last).to_contain_text("Not sent")
    chat.answers.last.get_by_role("button", name="Discard").click()
    expect(chat.questions).to_contain_text(["text=plain rate=0 after it"])
    expect(chat.composer).to_have_value("poison")
