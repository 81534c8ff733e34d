"""Ways to break a compiled host, each of which one check has to find."""
