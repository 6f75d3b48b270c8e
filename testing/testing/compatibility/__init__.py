"""Services of several releases on the same buckets and topics, and what each release wrote."""
