"""Mutation check of the safeguards: each one is removed, and a test must become red."""
