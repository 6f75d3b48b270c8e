"""Commands that uploaders and operators give with an object in the incoming bucket."""
