"""One setting for the mail server: `smtp://`, `smtp+tls://` (STARTTLS) or `smtps://` (TLS from the start)."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Django's mail settings."""

    backend: str
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def mail_settings(url: str) -> MailSettings:
    """Settings for a URL; without one, mails are written to the log of the process."""
    if not url:
        return MailSettings("django.core.mail.backends.console.EmailBackend")
    parts = urlsplit(url)
    default = {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme]
    return MailSettings(
        "django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname or "localhost",
        port=parts.port or default,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+tls",
        tls=parts.scheme == "smtps",
    )
