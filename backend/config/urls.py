"""Routes of the Django handlers: the API, accounts, the admin, health, and the page for what a person may open."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from backend.config.api import api
from backend.ops import docs, health, pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("_allauth/", include("allauth.headless.urls")),
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("docs/<str:name>", docs.document),
    re_path(pages.ROUTES, pages.index),
]
