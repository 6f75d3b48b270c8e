"""Pages and files of the index, and the handlers of its routes."""
