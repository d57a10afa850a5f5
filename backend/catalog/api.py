"""`/api/v1/models`: what the caller may pick."""

from typing import cast

from django.http import HttpRequest
from ninja import Router

from backend.accounts.ninja import ApiRequest
from backend.accounts.permissions import ModelEntry, require
from backend.catalog.schemas import ModelOut
from backend.catalog.selectors import visible_models
from backend.core.pagination import Page

router = Router(tags=["models"])


@router.get("/models", response=Page[ModelOut], summary="List models")
async def models_list(request: HttpRequest) -> Page[ModelOut]:
    """All models that the caller may pick, in the order to show them, on one page; the first is the default."""
    principal = cast("ApiRequest", request).principal
    require(principal, "read", ModelEntry())
    entries = await visible_models(principal)
    items = [ModelOut.of(entry, default=position == 0) for position, entry in enumerate(entries)]
    return Page[ModelOut](items=items, next=None)
