"""Handshakes by one path, and the version that makes open sockets ask again."""

import pytest

from backend.accounts import auth, selectors
from backend.accounts.access import AccountAccess
from backend.accounts.models import Role
from backend.core.db import in_thread
from backend.core.errors import Forbidden, Unauthenticated
from tests.support.site import HOST, ORIGIN


def handshake(browser=None, *, origin=ORIGIN, protocols=(), authorization=None):
    headers = [(b"host", HOST.encode())]
    if browser is not None:
        cookie = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
        headers.append((b"cookie", cookie.encode()))
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    if authorization:
        headers.append((b"authorization", authorization.encode()))
    return {"type": "websocket", "scheme": "ws", "headers": headers, "subprotocols": list(protocols)}


async def signed_in(site):
    user = await site.person()
    browser = await site.browser()
    await browser.log_in()
    return user, browser


async def test_a_handshake_from_our_page_is_known_by_its_cookie(site):
    user, browser = await signed_in(site)
    principal = await auth.authenticate_scope(handshake(browser))
    assert (principal.user, principal.method) == (str(user.pk), "session")
    assert principal.expires_at is not None
    assert str(principal.session_id) not in repr(principal)


async def test_a_handshake_without_an_origin_has_no_cookie(site):
    _, browser = await signed_in(site)
    with pytest.raises(Unauthenticated) as refused:
        await auth.authenticate_scope(handshake(browser, origin=None))
    assert refused.value.reason == "missing"


@pytest.mark.parametrize(
    "origin", ["null", "https://chat.test", "http://evil.example", "http://chat.test.evil.example"]
)
async def test_a_handshake_of_a_foreign_page_with_a_good_cookie_is_forbidden(site, origin):
    _, browser = await signed_in(site)
    with pytest.raises(Forbidden):
        await auth.authenticate_scope(handshake(browser, origin=origin))


async def test_a_foreign_page_comes_with_a_ticket_and_an_app_with_its_token(site):
    user, browser = await signed_in(site)
    ticket = (await browser.send("POST", "/api/v1/tickets")).json()["ticket"]
    scope = handshake(origin="https://other.example", protocols=["rivulet.v1", f"ticket.{ticket}"])
    assert (await auth.authenticate_scope(scope)).user_id == user.pk
    token = (await site.app_login())["access_token"]
    scope = handshake(origin=None, authorization=f"Bearer {token}")
    assert (await auth.authenticate_scope(scope)).method == "jwt"


async def test_headers_that_come_twice_are_refused(site):
    scope = handshake(authorization="Bearer a")
    scope["headers"].append((b"authorization", b"Bearer b"))
    with pytest.raises(Unauthenticated) as refused:
        await auth.authenticate_scope(scope)
    assert refused.value.reason == "malformed"


async def version(user) -> int:
    return (await selectors.auth_versions([str(user.pk)])).get(str(user.pk), 0)


async def test_whatever_changes_rights_raises_the_version(site):
    from backend.accounts.services import keys, people

    user, browser = await signed_in(site)
    row, _ = await site.key(user)
    seen = [await version(user)]

    async def raised() -> bool:
        seen.append(await version(user))
        return seen[-1] > seen[-2]

    await in_thread(keys.key_revoke, user_id=user.pk, key_id=row.pk)
    assert await raised()
    await in_thread(people.user_role_set, user=user, role=Role.MANAGER)
    assert await raised()
    await browser.account("DELETE", "auth/session")
    assert await raised()
    await browser.log_in()
    await browser.account(
        "POST",
        "account/password/change",
        json={"current_password": "correct horse 7", "new_password": "another horse 8"},
    )
    assert await raised()
    await in_thread(people.user_disable, user=user)
    assert await version(user) == 0
    await in_thread(people.user_enable, user=user)
    assert await raised()


async def test_a_socket_that_asks_again_learns_its_new_role_or_its_end(site):
    from backend.accounts.services import keys, people

    user, browser = await signed_in(site)
    row, value = await site.key(user)
    by_key = await auth.authenticate_token(value)
    by_cookie = await auth.authenticate_scope(handshake(browser))
    by_token = await auth.authenticate_token((await site.app_login())["access_token"])
    await in_thread(people.user_role_set, user=user, role=Role.MANAGER)
    for principal in (by_key, by_cookie, by_token):
        again = await auth.revalidate(principal)
        assert (again.role, again.method) == ("manager", principal.method)
    await in_thread(keys.key_revoke, user_id=user.pk, key_id=row.pk)
    await browser.account("DELETE", "auth/session")
    for principal in (by_key, by_cookie):
        with pytest.raises(Unauthenticated):
            await auth.revalidate(principal)
    assert (await auth.revalidate(by_token)).user_id == user.pk


async def test_teams_come_with_the_principal(site):
    from backend.accounts.models import Membership, Team

    user = await site.person()

    def join() -> Team:
        team = Team.objects.create(name="Readers")
        Membership.objects.create(team=team, user=user)
        return team

    team = await in_thread(join)
    _, value = await site.key(user)
    assert (await auth.authenticate_token(value)).team_ids == (team.pk,)


def as_handshake(scope, ticket=None):
    from realtime.consumer import handshake as seen

    return seen(scope, ticket=ticket)


async def caller(scope, ticket=None):
    found = await AccountAccess().authenticate(as_handshake(scope, ticket))
    return found and found.user_id


async def reasons(principals):
    return [error and getattr(error, "reason", "?") for error in await AccountAccess().recheck(principals)]


async def test_realtime_learns_who_is_calling_or_that_nothing_was_brought(site):
    user, browser = await signed_in(site)
    assert await caller(handshake(browser)) == user.pk
    assert await caller(handshake(browser, origin=None)) is None
    assert await caller(handshake()) is None
    http = {**handshake(browser, origin=None), "type": "http", "scheme": "http"}
    assert await caller(http) == user.pk
    ticket = (await browser.send("POST", "/api/v1/tickets")).json()["ticket"]
    assert await caller(handshake(origin="https://x.example"), ticket) == user.pk
    with pytest.raises(Forbidden):
        await caller(handshake(browser, origin="null"))


async def test_all_sockets_of_a_node_are_rechecked_in_one_query(site, monkeypatch):
    from backend.accounts.services import keys, people

    user, browser = await signed_in(site)
    other = await site.browser()
    await other.log_in()
    row, value = await site.key(user)
    eve = await site.person("eve@example.org")
    _, eves = await site.key(eve)
    principals = [
        await auth.authenticate_scope(handshake(browser)),
        await auth.authenticate_scope(handshake(other)),
        await auth.authenticate_token(value),
        await auth.authenticate_token((await site.app_login())["access_token"]),
        await auth.authenticate_token(eves),
    ]
    assert await reasons(principals) == [None] * 5
    await other.account("DELETE", "auth/session")
    await in_thread(keys.key_revoke, user_id=user.pk, key_id=row.pk)
    await in_thread(people.user_disable, user=eve)
    assert await reasons(principals) == [None, "revoked", "revoked", None, "closed"]


async def test_a_password_set_behind_our_back_ends_a_session_at_the_next_recheck(site):
    user, browser = await signed_in(site)
    principal = await auth.authenticate_scope(handshake(browser))

    def change() -> None:
        user.set_password("another horse 8")
        user.save()

    await in_thread(change)
    assert await reasons([principal]) == ["revoked"]
    with pytest.raises(Unauthenticated):
        await auth.revalidate(principal)


async def test_the_versions_that_a_node_polls_are_those_of_people_who_may_be_signed_in(site):
    from backend.accounts.services import people
    from backend.config.access import SiteAccess

    user, eve = await site.person(), await site.person("eve@example.org")
    await in_thread(people.user_disable, user=eve)
    found = await SiteAccess().versions(users=[str(user.pk), str(eve.pk)], topics=[])
    assert found[f"user.{user.pk}"] == 1
    assert found == await AccountAccess().versions(users=[str(user.pk), str(eve.pk)], topics=[])
