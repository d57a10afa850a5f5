"""The edge of every transport: plain ASGI middleware, natively async, without a thread hop.

From the outside in: who is calling (trusted proxies), what happened (request id, one line), what a browser may do with
the answer (headers), errors in one form (problems), how much may come in (body). WebSockets pass the first two.
"""

from backend.core.middleware.body import BodyLimit
from backend.core.middleware.headers import SecurityHeaders
from backend.core.middleware.problems import Problems
from backend.core.middleware.proxies import TrustedProxies
from backend.core.middleware.requests import RequestLog

__all__ = ["BodyLimit", "Problems", "RequestLog", "SecurityHeaders", "TrustedProxies"]
