"""Every page of the site has an icon, those that name none too."""

from tests.e2e.conftest import Visit


def test_pages_that_name_no_icon_find_one(visit: Visit) -> None:
    page = visit(None, "/admin/login/")
    icon = page.request.get("/favicon.ico")
    assert (icon.status, icon.body()[:4]) == (200, b"\0\0\1\0")
    assert icon.headers["content-type"].startswith("image/")
