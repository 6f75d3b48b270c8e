"""HTTP interface of the strict Cloud Storage: JSON API, XML API, uploads, control."""
