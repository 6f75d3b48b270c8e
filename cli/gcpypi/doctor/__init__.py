"""Diagnosis of an index: checks, each with its findings and remedies."""
