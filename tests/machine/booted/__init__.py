"""A compiled host on a Debian machine that really boots."""
