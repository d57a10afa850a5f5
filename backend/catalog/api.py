"""`/api/v1/models`: what the caller may pick."""

from typing import cast

from django.http import HttpRequest
from ninja import Router

from backend.accounts.ninja import ApiRequest
from backend.accounts.permissions import ModelEntry, require
from backend.catalog.schemas import ModelOut, ModelPage, ProviderProblem
from backend.catalog.selectors import failures, standings, visible_models

router = Router(tags=["models"])


@router.get("/models", response=ModelPage, summary="List models")
async def models_list(request: HttpRequest) -> ModelPage:
    """All models that the caller may pick, in the order to show them, on one page; the first is the default."""
    principal = cast("ApiRequest", request).principal
    require(principal, "read", ModelEntry())
    entries = await visible_models(principal)
    standing = await standings(entries)
    items = [
        ModelOut.of(entry, default=position == 0, availability=availability, fallbacks=fallbacks)
        for position, (entry, (availability, fallbacks)) in enumerate(zip(entries, standing, strict=True))
    ]
    problems = [ProviderProblem(provider=name, message=message) for name, message in await failures()]
    return ModelPage(items=items, next=None, problems=problems)
