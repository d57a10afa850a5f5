"""What the guide links to opens in a browser, and nothing else of the disk does."""

import pytest
from django.test import AsyncClient


@pytest.mark.parametrize("name", ["connect-a-model.md", "streams.md", "api.md", "deploy.md"])
async def test_a_page_of_the_docs_is_served_as_text(name) -> None:
    answer = await AsyncClient().get(f"/docs/{name}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.startswith(b"# ")


@pytest.mark.parametrize(
    "name", ["nothing.md", "..%2fpyproject.toml", "%2e%2e/manage.py", ".env", "pyproject.toml", "a%00.md", "decisions"]
)
async def test_nothing_else_is(name) -> None:
    assert (await AsyncClient().get(f"/docs/{name}")).status_code == 404
