"""nginx with TLS before a running site, from the template that deployments use."""

import datetime as dt
import ipaddress
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.supervisor.edge import configuration
from tests.load.socket_client import Target
from tests.support import nginx
from tests.support.product import free_port, wait_until


@contextmanager
def tls_edge(ports: list[int], *, token: str) -> Iterator[tuple[Target, int]]:
    """nginx before the nodes at `ports`; gives the target behind TLS, and the pid of nginx."""
    program = nginx.ensure()
    with tempfile.TemporaryDirectory(prefix="rivulet-edge-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        temp = folder / "temp"
        temp.mkdir(mode=0o711)
        context = certify(folder)
        port = free_port()
        listen = [
            f"listen 127.0.0.1:{port} ssl;",
            f"ssl_certificate {folder}/edge.pem;",
            f"ssl_certificate_key {folder}/edge.key;",
        ]
        nodes = [f"127.0.0.1:{each}" for each in ports]
        (folder / "nginx.conf").write_text(configuration(folder=folder, temp=temp, listen=listen, nodes=nodes), "utf-8")
        command = [program, "-c", str(folder / "nginx.conf"), "-e", "stderr", "-p", str(folder)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: (folder / "nginx.pid").exists() or process.poll() is not None, "nginx listens")
            assert process.poll() is None, "nginx has ended"
            yield Target("127.0.0.1", port, token, tls=context), process.pid
        finally:
            process.terminate()
            process.wait(15)


def certify(folder: Path) -> ssl.SSLContext:
    """Write a certificate of its own for localhost, and return a context that trusts nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=12))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "edge.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = folder / "edge.key"
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ssl.create_default_context(cafile=str(folder / "edge.pem"))
