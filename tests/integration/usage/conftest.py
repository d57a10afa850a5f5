"""A node's chat without its sockets, as chat's own tests have it, and the ledger's rows."""

from tests.integration.chat.conftest import bench  # noqa: F401
