"""ID tokens of OpenID providers: keys of issuers, verification, and the identities of a secret."""
