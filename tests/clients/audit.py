"""Run pip-audit with an empty vulnerability service, so that no name leaves this machine."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class EmptyOsv(BaseHTTPRequestHandler):
    """OSV API that responds to each query with an empty object."""

    def do_POST(self) -> None:
        """Respond without vulnerabilities."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Write no access log."""


def main(command: list[str]) -> int:
    """Run the pip-audit ``command``; return its exit code."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyOsv) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        options = ["--vulnerability-service", "osv", "--osv-url", url, "--progress-spinner", "off"]
        status = subprocess.run([*command, *options]).returncode
        server.shutdown()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
