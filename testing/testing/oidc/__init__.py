"""OpenID provider on the loopback, with keys and a certificate authority made at its start."""
