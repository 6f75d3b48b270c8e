"""HTTP: requests, responses, and the rules of RFC 9110 and PEP 691, without the index."""
