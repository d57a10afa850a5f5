"""The ledger's rows, as tests look at them."""

from typing import Any
from uuid import UUID

from backend.core import db


async def calls(generation: UUID | None = None) -> list[dict[str, Any]]:
    """All rows, or those of an answer, in the order of their making."""
    return await db.rows(
        "SELECT * FROM usage_call WHERE %(id)s::uuid IS NULL OR generation = %(id)s ORDER BY created, step, id",
        {"id": generation},
    )


async def run(statement: str, values: Any = ()) -> None:
    """A statement that a test stages something with."""
    async with db.connect() as connection:
        await connection.execute(statement, values)


async def budget(**fields: Any) -> None:
    """A budget, as an administrator sets it."""
    from backend.usage.models import Budget

    await db.in_thread(lambda: Budget.objects.create(**fields))
