"""Certificate authority of a test, and a server certificate of the loopback, in files."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

HOSTS = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class TlsFiles:
    """Files of a server with TLS, and of its clients."""

    authority: Path
    """Certificate of the authority; clients trust it by ``SSL_CERT_FILE``."""
    certificate: Path
    """Certificate of the server, with its chain."""
    key: Path
    """Private key of the server."""

    @classmethod
    def create(cls, folder: Path) -> "TlsFiles":
        """Create an authority and a certificate of 127.0.0.1 and localhost in ``folder``."""
        authority, files = trustme.CA(), [folder / name for name in ("ca.pem", "tls.pem", "key")]
        issued = authority.issue_cert(*HOSTS)
        authority.cert_pem.write_to_path(str(files[0]))
        for number, blob in enumerate(issued.cert_chain_pems):
            blob.write_to_path(str(files[1]), append=number > 0)
        issued.private_key_pem.write_to_path(str(files[2]))
        return cls(*files)

    def create_client_context(self) -> ssl.SSLContext:
        """Return a context that trusts only the authority."""
        return ssl.create_default_context(cafile=str(self.authority))
