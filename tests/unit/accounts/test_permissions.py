"""Who may do what, as one table."""

from uuid import UUID

import pytest

from backend.accounts.permissions import Account, Completions, ModelEntry, Owned, Site, Verb, may, require
from backend.accounts.principal import Principal
from backend.core.errors import Forbidden, NotFound

ADA, BOB, TEAM = UUID(int=1), UUID(int=2), UUID(int=10)


def caller(user=ADA, role="member", scopes=None, teams=()) -> Principal:
    return Principal(
        user_id=user,
        email="x@example.org",
        name="",
        role=role,
        method="key" if scopes is not None else "session",
        scopes=None if scopes is None else frozenset(scopes),
        team_ids=tuple(teams),
    )


ADAS = Owned("conversation", ADA)
VIEWED = Owned("conversation", ADA, team_id=TEAM, team_share="view")
EDITED = Owned("conversation", ADA, team_id=TEAM, team_share="edit")
WITH_BOB = Owned("conversation", ADA, shared_with=frozenset({BOB}))
BY_BOB = Owned("conversation", ADA, editors=frozenset({BOB}))
bob = caller(BOB)
bob_in_team = caller(BOB, teams=[TEAM])
admin = caller(BOB, role="admin")
manager = caller(BOB, role="manager")
reader = caller(scopes={"chat:read"})
writer = caller(scopes={"chat:write"})
completer = caller(scopes={"completions"})
SHARED = Owned("prompt", ADA, teams=frozenset({TEAM}))
TEAM_EDITS = Owned("prompt", ADA, editor_teams=frozenset({TEAM}))
FOR_ALL = Owned("prompt", ADA, everybody="view")
ALL_EDIT = Owned("prompt", ADA, everybody="edit")

TABLE = [
    # caller, thing, what it may do of: read, write, delete, share
    (caller(), ADAS, "rwds"),
    (bob, ADAS, ""),
    (admin, ADAS, ""),
    (manager, ADAS, ""),
    (bob, VIEWED, ""),
    (bob_in_team, VIEWED, "r"),
    (bob_in_team, EDITED, "rw"),
    (bob, WITH_BOB, "r"),
    (bob, BY_BOB, "rw"),
    (reader, ADAS, "r"),
    (writer, ADAS, "wds"),
    (completer, ADAS, ""),
    (bob, SHARED, ""),
    (bob_in_team, SHARED, "r"),
    (bob_in_team, TEAM_EDITS, "rw"),
    (bob, TEAM_EDITS, ""),
    (bob, FOR_ALL, "r"),
    (bob, ALL_EDIT, "rw"),
    (caller(), Account(ADA), "rwds"),
    (bob, Account(ADA), ""),
    (admin, Account(ADA), ""),
    (reader, Account(ADA), ""),
    (caller(scopes={"account"}), Account(ADA), "rwds"),
    (caller(), ModelEntry(), "r"),
    (caller(), ModelEntry(hidden=True), ""),
    (admin, ModelEntry(hidden=True), "rwds"),
    (reader, ModelEntry(), ""),
    (caller(scopes={"models:read"}), ModelEntry(), "r"),
    (caller(role="admin", scopes={"models:read"}), ModelEntry(), "r"),
    (caller(), Completions(), "rwds"),
    (completer, Completions(), "rwds"),
    (reader, Completions(), ""),
    (caller(), Site("people"), ""),
    (manager, Site("people"), "r"),
    (manager, Site("teams"), "rwds"),
    (manager, Site("providers"), ""),
    (admin, Site("providers"), "rwds"),
    (caller(role="admin", scopes={"account"}), Site("people"), ""),
]


@pytest.mark.parametrize(("who", "thing", "allowed"), TABLE)
def test_may_answers_as_the_table_says(who, thing, allowed):
    verbs: tuple[Verb, ...] = ("read", "write", "delete", "share")
    assert "".join(verb[0] for verb in verbs if may(who, verb, thing)) == allowed


def test_what_may_not_be_seen_does_not_exist():
    with pytest.raises(NotFound):
        require(bob, "write", ADAS)


def test_what_may_be_seen_but_not_done_is_forbidden():
    with pytest.raises(Forbidden):
        require(bob_in_team, "write", VIEWED)


def test_a_key_without_the_scope_is_told_which_one_it_lacks():
    with pytest.raises(Forbidden, match="chat:write"):
        require(reader, "write", ADAS)


@pytest.mark.parametrize("scope", ["chat:read", "chat:write", "completions"])
def test_a_key_that_asks_models_may_use_the_templates_of_its_person_and_read_them_only_with_its_scope(scope) -> None:
    assert may(caller(scopes={scope}), "use", Owned("prompt", ADA))
    assert may(caller(scopes={scope}), "read", Owned("prompt", ADA)) == (scope == "chat:read")
    assert not may(caller(BOB, scopes={scope}), "use", Owned("prompt", ADA))
    assert not may(caller(scopes={"account"}), "use", Owned("prompt", ADA))
