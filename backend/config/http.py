"""The HTTP side of the site: the edge's middleware around static files and Django."""

from django.conf import settings

from backend.config.environment import split
from backend.core.asgi import App
from backend.core.handler import django_app
from backend.core.middleware import BodyLimit, Problems, RequestLog, SecurityHeaders, TrustedProxies
from backend.jobs.uploads import PATH, room
from backend.ops.static import StaticFiles


def http_app() -> App:
    """Static files and Django. Call it after `django.setup()`."""
    return StaticFiles(django_app())


def edge(app: App) -> App:
    """What every request and handshake passes, whichever application answers it."""
    inner = BodyLimit(Problems(app), max_bytes=settings.MAX_BODY_BYTES, larger={PATH: room(settings.MAX_IMPORT_BYTES)})
    headers = SecurityHeaders(inner, cdn=settings.RIVULET.cdn_host, secure=settings.PRODUCTION)
    return TrustedProxies(RequestLog(headers), networks=split(settings.RIVULET.trusted_proxies))
