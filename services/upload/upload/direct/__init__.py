"""Direct publication: reserve, PUT to Cloud Storage by the client, finalize (ADR 30)."""
