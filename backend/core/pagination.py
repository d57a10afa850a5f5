"""Lists as `{items, next}`: `next` is an opaque cursor, null at the end. Rows are ordered by an id that is a UUIDv7."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from backend.core.errors import BadRequest
from backend.core.schemas import Out

T = TypeVar("T")


class Page(Out, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None


class PageQuery(BaseModel):
    """`?cursor=&limit=` of every list."""

    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    def before(self) -> UUID | None:
        """The id that the page comes after, in descending order. Raises `BadRequest` for a cursor not of ours."""
        key = self.key()
        if key is None:
            return None
        try:
            return UUID(key)
        except ValueError as error:
            raise BadRequest("The cursor is not one that this list gave.", field="cursor") from error

    def key(self) -> str | None:
        """The order's value in the cursor, for lists that are ordered by something else."""
        if not self.cursor:
            return None
        try:
            return base64.urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4)).decode()
        except (binascii.Error, ValueError) as error:
            raise BadRequest("The cursor is not one that this list gave.", field="cursor") from error


def cursor(key: str) -> str:
    """A cursor that holds an order's value."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def page(items: Sequence[T], *, limit: int, key: Callable[[T], object]) -> Page[T]:
    """A page from up to `limit` + 1 items in order: one more than asked means that there is a next page."""
    shown = list(items[:limit])
    return Page[Any](items=shown, next=cursor(str(key(shown[-1]))) if len(items) > limit else None)
