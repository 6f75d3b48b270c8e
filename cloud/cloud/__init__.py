"""What the services stand on: the only code that imports ``google.*``."""
