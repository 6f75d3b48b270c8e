"""Working stand-ins for what the services stand on."""
