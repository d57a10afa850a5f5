"""The guide answers from the docs with quotations and links, shows what was asked for, and says what it is."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.guide.answers import ABOUT, HELLO, IDENTITY, NOTHING, compose
from backend.guide.library import Library, cut

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = Library.load(ROOT)
TITLE = (
    "Write a title of at most six words for the conversation below, in its language. Answer with the title alone: "
    "no quotation marks, no full stop.\n\n<conversation>\nPerson: {}\n\nAssistant: From the docs: …\n</conversation>"
)


def answer(*questions: str) -> str:
    return compose([{"role": "user", "content": question} for question in questions], LIBRARY).text


@pytest.mark.parametrize(
    ("question", "link"),
    [
        ("How do I connect Ollama?", "connect-a-model.md#how-do-i-use-ollama-and-other-local-models"),
        ("How do I use Ollama?", "connect-a-model.md#how-do-i-use-ollama-and-other-local-models"),
        ("kann ich Ollama benutzen?", "connect-a-model.md#how-do-i-use-ollama-and-other-local-models"),
        ("does it work with claude", "connect-a-model.md#anthropic"),
        ("Can I use DeepSeek?", "connect-a-model.md#deepseek"),
        ("How do I connect a real model?", "connect-a-model.md#how-do-i-connect-a-real-model"),
        ("Wie verbinde ich ein Modell?", "connect-a-model.md#how-do-i-connect-a-real-model"),
        ("Which models can I use?", "connect-a-model.md#which-models-can-i-use"),
        ("Why does my model not answer?", "connect-a-model.md#why-does-my-model-not-answer"),
        ("How do I use the OpenAI SDK?", "api.md#how-do-i-use-the-openai-sdk"),
        ("how do I use the OpenAI SDK in Python", "api.md#how-do-i-use-the-openai-sdk"),
        ("How do I create an API key?", "api.md#how-do-i-create-an-api-key"),
        ("How can I send exactly once?", "api.md#how-do-i-send-exactly-once"),
        ("How do I resume a stream?", "streams.md#how-do-i-resume-a-stream"),
        ("What happens if my Wi-Fi breaks?", "streams.md#what-happens-if-my-wi-fi-breaks-or-i-reload-the-page"),
        ("How does a stream resume after a reload?", "streams.md"),
        ("How do I use it from my phone?", "streams.md#how-do-i-connect-a-phone-or-another-app-by-websocket"),
        ("How do I deploy it behind nginx?", "deploy.md#how-do-i-deploy-behind-nginx-or-another-proxy"),
        ("run it in docker", "deploy.md#how-do-i-run-it-in-containers-with-docker-compose"),
        ("how do I install it", "deploy.md#how-do-i-install-and-start-it"),
        ("How do I back up?", "operations.md#how-do-i-back-up-and-restore"),
        ("Where are the logs?", "operations.md#where-are-the-logs"),
        ("What happens when Redis is away?", "operations.md#what-happens-when-redis-is-away"),
        ("How do I run the tests?", "contributing.md#how-do-i-run-the-tests"),
    ],
)
def test_a_question_about_rivulet_is_answered_with_a_quotation_and_a_link(question, link) -> None:
    found = answer(question)
    quoted = re.search(r"\]\(/docs/([^)]+)\)", found)
    assert quoted
    assert quoted[1].startswith(link)
    assert "\n> " in found


def test_links_inside_a_quotation_lead_to_what_the_site_serves() -> None:
    text = "# Page\n\n<p>\nSee [errors](errors.md), [below](#part), [why](decisions/0001-x.md), [w](https://example.org/).\n"
    (section,) = cut("page.md", text)
    assert section.body == (
        "See [errors](/docs/errors.md), [below](/docs/page.md#part), why, [w](https://example.org/)."
    )


def test_everything_is_shown_once() -> None:
    shown = answer("show everything: markdown, code, tables, formulas, a diagram")
    assert [shown.count(mark) for mark in ("```mermaid", "|:---|", "- [x] done", "```python")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "who won the world cup 2018",
        "Write me a poem about the sea",
        "write me a poem",
        "xyzzy plugh",
    ],
)
def test_a_question_about_anything_else_is_plainly_not_answered(question) -> None:
    assert answer(question).startswith(NOTHING[:60])


def test_every_link_of_every_answer_leads_to_a_page_that_exists() -> None:
    texts = [HELLO, IDENTITY, NOTHING, ABOUT, answer("show me everything"), answer("How do I deploy?")]
    links = {link for text in texts for link in re.findall(r"\]\(/docs/([^)#]+)", text)}
    assert links
    assert all((ROOT / "docs" / link).is_file() or link == "README.md" for link in links)


def test_it_says_what_it_is_and_what_it_can_not_do() -> None:
    assert answer("What are you?") == IDENTITY
    assert "connect a real model" in IDENTITY
    assert answer("hello!") == HELLO
    assert answer("What is Rivulet?") == ABOUT


@pytest.mark.parametrize(
    ("question", "mark"),
    [
        ("Show me markdown", "- [x] done"), ("show a table", "|:---|"), ("Show me a formula", "$$"),
        ("draw a mermaid diagram", "```mermaid"), ("show me some Rust code", "```rust"),
        ("show me code in several languages", "```typescript"), ("show me everything", "```mermaid"),
    ],
)  # fmt: skip
def test_what_the_page_can_render_is_shown_on_request(question, mark) -> None:
    assert mark in answer(question)


def test_a_question_that_only_mentions_code_is_still_answered_from_the_docs() -> None:
    assert "/docs/api.md" in answer("How do I use the API from Python code?")


def test_a_long_answer_is_as_long_as_asked_for() -> None:
    assert 3000 <= len(answer("a long answer of 3000 words").split()) < 4500


def test_reasoning_comes_only_when_asked_to_think() -> None:
    thinking = compose([{"role": "user", "content": "Think: how do I stop a stream?"}], LIBRARY)
    assert "stop" in thinking.reasoning
    assert compose([{"role": "user", "content": "How do I stop a stream?"}], LIBRARY).reasoning == ""


def test_a_follow_up_is_understood_by_the_question_before_it() -> None:
    assert "/docs/connect-a-model.md#how-do-i-use-ollama" in answer(
        "How do I connect Ollama?", "and on another machine, elsewhere?"
    )


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How do I connect Ollama?", "Connect Ollama"),
        ("Hello", "Hello"),
        ("What is the difference between REST and GraphQL in practice?", "Difference between REST and GraphQL"),
        ("please explain how streams resume. I have a phone.", "How streams resume"),
        ("title", "Title"),
        ("???", "New conversation"),
    ],
)
def test_a_title_is_short_and_made_of_the_question(question, title) -> None:
    assert answer(TITLE.format(question)) == title


def test_a_question_about_titles_is_no_request_for_one() -> None:
    assert "docs" in answer("give me a title")


@given(st.text(max_size=200))
def test_any_question_gets_an_answer_and_always_the_same(question) -> None:
    assert answer(question)
    assert answer(question) == answer(question)


def test_a_hash_inside_a_code_block_is_no_heading() -> None:
    sections = cut("page.md", "# Page\n\nText\n\n```bash\n# comment\nrun\n```\n\n## Next\n\nMore\n")
    assert [section.heading for section in sections] == ["Page", "Next"]
    assert "# comment" in sections[0].body
