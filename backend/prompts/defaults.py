"""The model that a template asks where a message names none: one that is there when it is chosen."""

from uuid import UUID

from backend.accounts.principal import Principal
from backend.catalog import registry
from backend.core.errors import BadRequest, ModelUnavailable, Unavailable
from backend.core.problems import at
from backend.core.sentences import sentence, spoken
from backend.prompts import selectors


async def model_check(principal: Principal, model: str, *, template: UUID | None = None) -> None:
    """Raise `BadRequest` for a model that is not there for the caller. The one that `template` asks already stays: it
    may come back. Raises `NotFound` for a template that is not there.
    """
    if not model:
        return
    if template is not None:
        newest: int = (await selectors.visible(principal, template))["newest"]
        if (await selectors.version_get(principal, template, newest)).model == model:
            return
    try:
        await registry.resolve(model, principal=principal)
    except ModelUnavailable:
        said = "There is no model {name} here, or you can't use it. Pick another one."
        raise at("model", spoken(BadRequest, sentence("template_model", said, name=model[:100]))) from None
    except Unavailable:
        return
