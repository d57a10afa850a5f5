"""The admin opens for administrators alone, and what changes there reaches open sessions."""

import pytest

from tests.support.site import PASSWORD


async def signed_in(site, email):
    browser = await site.browser()
    await browser.client.get("/admin/login/")
    reply = await browser.client.post(
        "/admin/login/?next=/admin/",
        data={"username": email, "password": PASSWORD, "csrfmiddlewaretoken": browser.client.cookies["csrftoken"]},
    )
    return browser, reply


async def test_an_administrator_signs_in_by_address_and_sees_every_list(site):
    await site.key(await site.person(role="admin"))
    browser, reply = await signed_in(site, "ada@example.org")
    assert reply.status_code == 302
    for name in ("user", "team", "apikey", "tokenfamily"):
        page = await browser.client.get(f"/admin/accounts/{name}/")
        assert page.status_code == 200, name
        assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("role", ["member", "manager"])
async def test_nobody_else_gets_in(site, role):
    await site.person(role=role)
    browser, reply = await signed_in(site, "ada@example.org")
    assert reply.status_code == 200
    assert (await browser.client.get("/admin/accounts/user/")).status_code == 302


async def test_a_person_made_in_the_admin_can_sign_in(site):
    await site.person(role="admin")
    browser, _ = await signed_in(site, "ada@example.org")
    made = await browser.client.post(
        "/admin/accounts/user/add/",
        data={
            "email": "bob@example.org",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "usable_password": "true",
            "csrfmiddlewaretoken": browser.client.cookies["csrftoken"],
        },
    )
    assert made.status_code == 302, made.text[:2000]
    bob = await site.browser()
    assert (await bob.log_in("bob@example.org")).status_code == 200


async def test_closing_an_account_in_the_admin_ends_its_sign_ins(site):
    await site.person(role="admin")
    bob = await site.person("bob@example.org")
    bobs = await site.browser()
    await bobs.log_in("bob@example.org")
    browser, _ = await signed_in(site, "ada@example.org")
    changed = await browser.client.post(
        f"/admin/accounts/user/{bob.pk}/change/",
        data={
            "email": "bob@example.org",
            "name": "",
            "role": "member",
            "emailaddress_set-TOTAL_FORMS": "0",
            "emailaddress_set-INITIAL_FORMS": "0",
            "csrfmiddlewaretoken": browser.client.cookies["csrftoken"],
        },
    )
    assert changed.status_code == 302, changed.text[:2000]
    assert (await bobs.me()).status_code == 401


async def test_no_hash_of_a_key_is_shown(site):
    row, _ = await site.key(await site.person(role="admin"))
    browser, _ = await signed_in(site, "ada@example.org")
    page = await browser.client.get(f"/admin/accounts/apikey/{row.pk}/change/")
    assert page.status_code == 200
    assert row.hash not in page.text
