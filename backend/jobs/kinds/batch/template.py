"""What a batch asks with for each row: texts given in its spec, or a stored template at one version."""

import re
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from backend.core.errors import BadRequest
from backend.core.sentences import Said, sentence, text_of, together
from backend.jobs.schemas import BatchSpec
from backend.prompts.rendering import WrongValues
from backend.prompts.use import Prepared

_VARIABLE = re.compile(r"\{\{\s*([^{}\s][^{}]*?)\s*\}\}")

Message = dict[str, Any]


class Unfilled(ValueError):
    """A row does not fit the template; says why, for people."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(text_of(said))


class Prompt(Protocol):
    """`names` are its variables, `needed` those that have to have a column."""

    names: list[str]
    needed: list[str]
    model: str
    params: dict[str, Any]
    template: UUID | None
    version: UUID | None

    def messages(self, values: Mapping[str, str]) -> list[Message]:
        """For one row of the table. Raises `Unfilled`."""


def prompt_of(spec: BatchSpec, pinned: dict[str, Any] | None) -> Prompt:
    """The prompt of a spec, with the stored template that it was made with."""
    return Stored(Prepared.of(pinned), spec.mapping) if pinned else Inline(spec)


class Inline:
    """Texts of the spec; `{{name}}` stands for a variable."""

    model = ""
    template: UUID | None = None
    version: UUID | None = None

    def __init__(self, spec: BatchSpec) -> None:
        self.params: dict[str, Any] = {}
        self._mapping = spec.mapping
        self._texts = [
            (role, _VARIABLE.split(text))
            for role, text in (("system", spec.template.system), ("user", spec.template.user or ""))
            if text
        ]
        self.names = list(dict.fromkeys(name for _, pieces in self._texts for name in pieces[1::2]))
        self.needed = self.names

    def messages(self, values: Mapping[str, str]) -> list[Message]:
        """See `Prompt`."""
        for name in self.names:
            column = self._mapping.get(name, name)
            if column not in values:
                lost = "There is no '{column}', which the variable '{variable}' is taken from."
                raise Unfilled(sentence("column_missing", lost, column=column[:60], variable=name[:60]))
        return [{"role": role, "content": self._filled(pieces, values)} for role, pieces in self._texts]

    def _filled(self, pieces: list[str], values: Mapping[str, str]) -> str:
        found = list(pieces)
        found[1::2] = [values[self._mapping.get(name, name)] for name in pieces[1::2]]
        return "".join(found)


class Stored:
    """A version of a stored template; cells are read by its variables' types."""

    def __init__(self, prepared: Prepared, mapping: Mapping[str, str]) -> None:
        self.names = [variable.name for variable in prepared.variables]
        self.needed = [one.name for one in prepared.variables if one.required and one.default is None]
        self.model, self.params = prepared.model, prepared.params
        self.template: UUID | None = prepared.template_id
        self.version: UUID | None = prepared.version_id
        self._columns = [(name, mapping.get(name, name)) for name in self.names]
        self._prepared = prepared

    def messages(self, values: Mapping[str, str]) -> list[Message]:
        """See `Prompt`."""
        given = {name: values[column] for name, column in self._columns if column in values}
        try:
            filled = self._prepared.render(given, field="", texts=True)
        except WrongValues as error:
            raise Unfilled(together(error.said)) from None
        except BadRequest as error:
            raise Unfilled(error.message) from None
        texts = (("system", filled.system), ("user", filled.user))
        return [{"role": role, "content": text} for role, text in texts if text]
