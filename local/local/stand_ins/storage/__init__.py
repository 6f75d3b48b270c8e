"""A strict stand-in for Cloud Storage: it keeps the promises of the JSON and XML APIs.

It has no other behaviour: an unknown request or parameter is an error (ADR 25). ``core`` is the
state machine, ``disk`` keeps its state in a folder, and ``http`` serves it. The local runtime runs
``python -m local.stand_ins.storage``. Tests use ``testing.storage``.
"""
