"""The text moves only when the reader wants it to."""

from playwright.sync_api import expect

from tests.e2e.chat import Chat, until

LONG = "n=700 rate=250"
LEFT = "box => box.scrollHeight - box.scrollTop - box.clientHeight"


def test_it_follows_the_text_while_the_reader_is_at_the_end(chat: Chat) -> None:
    chat.ask(LONG)
    chat.begun()
    until(chat.page, "box => box.scrollTop > 200", chat.scroller.element_handle())
    assert chat.scroller.evaluate(LEFT) < 64
    chat.finished()
    expect(chat.page.get_by_role("button", name="Jump to latest")).to_have_count(0)
    assert chat.scroller.evaluate(LEFT) < 64


def test_a_reader_who_scrolls_up_stays_there_until_they_jump_to_the_latest(chat: Chat) -> None:
    chat.ask("n=1500 rate=200")
    chat.begun()
    box = chat.scroller.element_handle()
    until(chat.page, "box => box.scrollTop > 400", box)
    chat.scroller.hover()
    chat.page.mouse.wheel(0, -300)
    jump = chat.page.get_by_role("button", name="Jump to latest")
    expect(jump).to_be_visible()
    until(
        chat.page, "box => { const before = window.at; window.at = box.scrollTop; return before === window.at; }", box
    )
    at, height = chat.scroller.evaluate("box => [box.scrollTop, box.scrollHeight]")
    until(chat.page, "([box, height]) => box.scrollHeight > height + 200", [box, height])
    assert chat.scroller.evaluate("box => box.scrollTop") == at
    jump.click()
    expect(jump).to_have_count(0)
    assert chat.scroller.evaluate(LEFT) < 64
    chat.stop_button.click()
    chat.finished()


def test_nothing_jumps_when_the_answer_ends(chat: Chat) -> None:
    chat.asked("n=5 rate=0")
    chat.ask("n=30 rate=15")
    chat.begun()
    question = chat.questions.last
    top = question.evaluate("one => one.getBoundingClientRect().top")
    frame = chat.scroller.evaluate("box => box.getBoundingClientRect().top")
    assert top - frame < 60, "the new question stands near the top"
    chat.page.evaluate(
        """([box, one]) => {
          window.tops = new Set();
          const look = () => {
            window.tops.add(Math.round(one.getBoundingClientRect().top));
            requestAnimationFrame(look);
          };
          look();
        }""",
        [chat.scroller.element_handle(), question.element_handle()],
    )
    chat.finished()
    expect(chat.send_button).to_be_visible()
    chat.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert chat.page.evaluate("[...window.tops]") == [round(top)]


def test_the_place_is_kept_over_a_reload(chat: Chat) -> None:
    chat.asked("n=900 rate=0")
    chat.scroller.hover()
    chat.page.mouse.wheel(0, -500)
    until(chat.page, "key => localStorage.getItem(`rivulet.of.${key}`)", f"{chat.person.me['id']}.place.{chat.id}")
    at = chat.scroller.evaluate("box => box.scrollTop")
    chat.page.reload()
    chat.finished()
    until(chat.page, "([box, at]) => Math.abs(box.scrollTop - at) < 40", [chat.scroller.element_handle(), at])
