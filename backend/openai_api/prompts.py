"""Templates in completions: `model: "prompt:<slug>"`, or a `prompt` field as a message has it.

The template's system part comes first and its user part next, before the messages that were given. A client that can
say nothing but messages still fills a template: its variable `input`, where it is not given, is the text of the last
user message, and the user part then stands in that message's place.
"""

from typing import Any

from backend.accounts.principal import Principal
from backend.catalog.params import Params, merged
from backend.core.errors import BadRequest
from backend.openai_api.schemas import PREFIX, ChatCompletionIn, ChatMessage, PromptIn
from backend.prompts.schemas import PromptUse
from backend.prompts.use import Prepared, Rendered, prepare

INPUT = "input"


async def filled(body: ChatCompletionIn, *, principal: Principal) -> tuple[ChatCompletionIn, dict[str, Any] | None]:
    """The body with its template filled in, and what is remembered of that. Raises `BadRequest`, `NotFound`."""
    use = _use(body)
    if use is None:
        return body, None
    prepared = await prepare(principal, use)
    values, before, after = _split(prepared, use.variables, body.messages)
    rendered = prepared.render(values)
    messages = [*_system(rendered), *before, *_user(rendered), *after]
    if not any(message.role != "system" for message in messages):
        raise BadRequest("This template has no user part: there has to be a message.", field="messages")
    given = {name for name in Params.model_fields if getattr(body, name) is not None}
    params = merged(rendered.params, {name: getattr(body, name) for name in given})
    named = body.model is not None and not body.model.startswith(PREFIX)
    changed = {**params, "messages": messages, "model": body.model if named else rendered.model or None}
    return body.model_copy(update=changed), rendered.provenance()


def _use(body: ChatCompletionIn) -> PromptUse | None:
    prompt = body.prompt
    if body.model is not None and body.model.startswith(PREFIX):
        return _named(body.model.removeprefix(PREFIX), prompt)
    if prompt is None:
        return None
    if (prompt.id is None) == (prompt.slug is None):
        raise BadRequest("Name the template by `id` or by `slug`.", field="prompt")
    return PromptUse.model_validate(prompt.model_dump())


def _named(name: str, prompt: PromptIn | None) -> PromptUse:
    """`<slug>`, `<slug>@<label>` or `<slug>@<version>`; `prompt` holds the values then."""
    slug, _, which = name.partition("@")
    fields: dict[str, Any] = {"slug": slug}
    if which:
        fields["version" if which.isdecimal() else "label"] = int(which) if which.isdecimal() else which
    if prompt is not None:
        if prompt.id is not None or prompt.slug not in (None, slug):
            raise BadRequest("`model` names the template already.", field="prompt")
        if which and (prompt.label is not None or prompt.version is not None):
            raise BadRequest("`model` names the version already.", field="prompt")
        fields = prompt.model_dump(exclude_unset=True) | fields
    try:
        return PromptUse.model_validate(fields)
    except ValueError:
        raise BadRequest(f"{PREFIX}{name[:100]} is no name of a template.", field="model") from None


def _split(
    prepared: Prepared, values: dict[str, Any], messages: list[ChatMessage]
) -> tuple[dict[str, Any], list[ChatMessage], list[ChatMessage]]:
    """The values, and the messages before and after the template's user part."""
    wanted = INPUT not in values and any(variable.name == INPUT for variable in prepared.variables)
    text = _text(messages[-1]) if wanted and messages and messages[-1].role == "user" else None
    if text is None:
        return values, [], messages
    return {**values, INPUT: text}, messages[:-1], []


def _text(message: ChatMessage) -> str | None:
    """A message's text; None where it holds something else as well."""
    if isinstance(message.content, str):
        return message.content
    parts = message.content or []
    if not all(part.get("type") == "text" and isinstance(part.get("text"), str) for part in parts):
        return None
    return "".join(part["text"] for part in parts)


def _system(rendered: Rendered) -> list[ChatMessage]:
    return [ChatMessage(role="system", content=rendered.system)] if rendered.system.strip() else []


def _user(rendered: Rendered) -> list[ChatMessage]:
    return [ChatMessage(role="user", content=rendered.user)] if rendered.user.strip() else []
