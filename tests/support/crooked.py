"""One nginx with many servers: each is the deployment's own server with one thing broken."""

import datetime as dt
import ipaddress
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.supervisor.edge import configuration
from tests.support import nginx
from tests.support.product import free_port

_PORT = re.compile(r"@(\w+)")

Change = tuple[str, str]
"""What stands in the template, and what stands there instead."""


class Crooked:
    """Servers by name, at `url(name)`. Those whose name begins with `tls` speak HTTPS with a certificate of their own.

    In a change, `@name` is the port of another server.
    """

    def __init__(self, folder: Path, *, node: str, servers: Mapping[str, list[Change]]) -> None:
        self.ports = {name: free_port() for name in servers}
        self._folder = folder
        temp = Path(tempfile.mkdtemp(prefix="nginx-", dir=folder))
        temp.chmod(0o711)  # the workers of a root's nginx are somebody else
        whole = configuration(folder=folder, temp=temp, listen=["LISTEN"], nodes=[node])
        before, own = whole.split("    server {\n", 1)
        own, _, _ = own.rpartition("    }\n}")
        blocks = [self._server(own, name, changes) for name, changes in servers.items()]
        self._path = folder / "nginx.conf"
        self._path.write_text(before.replace("worker_processes auto", "worker_processes 1") + "".join(blocks) + "}\n")
        self._process: subprocess.Popen[bytes] | None = None
        if any(name.startswith("tls") for name in servers):
            _certificate(folder)

    def url(self, name: str) -> str:
        """Where a server is."""
        return f"{'https' if name.startswith('tls') else 'http'}://127.0.0.1:{self.ports[name]}"

    def _server(self, text: str, name: str, changes: list[Change]) -> str:
        listen = f"listen 127.0.0.1:{self.ports[name]}"
        if name.startswith("tls"):
            pair = f"ssl_certificate {self._folder}/cert.pem; ssl_certificate_key {self._folder}/key.pem"
            listen += f" ssl; {pair}"
        for old, new in changes:
            assert old in text, f"{name}: the template has no {old}"
            text = text.replace(old, _PORT.sub(lambda match: str(self.ports[match[1]]), new))
        return f"    server {{\n{text.replace('LISTEN', listen + ';')}    }}\n"

    def __enter__(self) -> Self:
        command = [nginx.ensure(), "-c", str(self._path), "-e", "stderr", "-p", str(self._folder)]
        log = (self._folder / "nginx.log").open("wb")
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env=dict(os.environ))
        log.close()
        until = time.monotonic() + 10
        first = next(iter(self.ports))
        while True:
            assert self._process.poll() is None, (self._folder / "nginx.log").read_text()
            try:
                httpx.get(self.url(first) + "/health/live", verify=False, trust_env=False, timeout=5)
            except httpx.TransportError:
                assert time.monotonic() < until, "nginx did not start"
                time.sleep(0.03)
            else:
                return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


def _certificate(folder: Path) -> None:
    """A self-signed certificate for 127.0.0.1, as cert.pem and key.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
