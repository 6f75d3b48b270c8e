"""Pages for people: one service of the publisher's image (``python -m publisher.web.main``)."""
