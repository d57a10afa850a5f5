"""Reads what a model was asked for as JSON: strictly in what it says, forgivingly in how it is wrapped."""

import json
import re
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

MOST_TRIES = 40
"""Places of an answer where JSON may begin."""

T = TypeVar("T", bound=BaseModel)

_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_COMMA = re.compile(r",(\s*[}\]])")
_decoder = json.JSONDecoder(strict=False)


class Unreadable(Exception):
    """The answer is not what was asked for; the text says why, to the model too."""


def _texts(given: Any) -> Any:
    """A list of texts, out of what models make of one."""
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list):
        return given
    plain = [
        next((part for part in one.values() if isinstance(part, str)), "") if isinstance(one, dict) else one
        for one in given
    ]
    return [one.replace("\0", "").strip() for one in plain if isinstance(one, str) and one.strip()]


def _clean(given: Any) -> Any:
    return given.replace("\0", "").strip() if isinstance(given, str) else given


Texts = Annotated[list[str], BeforeValidator(_texts)]
Text = Annotated[str, BeforeValidator(_clean)]


class Plan(BaseModel):
    """What to find out and what to search for. `enough`: what is known answers the question."""

    questions: Texts = []
    searches: Texts = []
    enough: bool = False
    reason: Text = ""


class Note(BaseModel):
    """What a page says, and the passage that says it."""

    claim: Text = Field(min_length=1)
    quote: Text = Field(min_length=1)


class Notes(BaseModel):
    """What a page has for the question."""

    notes: list[Note]

    @model_validator(mode="before")
    @classmethod
    def _list(cls, given: Any) -> Any:
        """The list alone, or one note alone, will do; notes without a passage are no notes."""
        if isinstance(given, dict) and "claim" in given:
            given = [given]
        found = given if isinstance(given, list) else given.get("notes") if isinstance(given, dict) else None
        if not isinstance(found, list):
            return given
        return {"notes": [one for one in found if not isinstance(one, dict) or (one.get("quote") and one.get("claim"))]}


class Passage(BaseModel):
    """A passage; empty: there is none."""

    quote: Text | None = None


def unthought(text: str) -> str:
    """Without what a model has thought aloud before it answered."""
    return _THOUGHT.sub("", text, count=1).strip()


def parse(text: str, shape: type[T]) -> T:
    """The first JSON in an answer that has the shape. Raises `Unreadable`."""
    answer = unthought(text)
    reason = "There is no JSON in it."
    places = [found.start() for found in re.finditer(r"[{\[]", answer)][:MOST_TRIES]
    for variant in (answer, _COMMA.sub(r"\1", answer)):
        for place in (
            places if variant is answer else [at.start() for at in re.finditer(r"[{\[]", variant)][:MOST_TRIES]
        ):
            try:
                found, _ = _decoder.raw_decode(variant, place)
                return shape.model_validate(found)
            except json.JSONDecodeError as error:
                reason = f"The JSON is broken: {error.msg}." if place == places[0] else reason
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False, include_context=False)[0]
                where = ".".join(str(part) for part in first["loc"]) or "it"
                reason = f"{where}: {first['msg']}" if place == places[0] else reason
            except RecursionError:
                reason = "The JSON is nested too deeply."
    raise Unreadable(reason)
