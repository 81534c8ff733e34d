"""Puts one compiled host onto a throw-away Debian machine and lets checks look at it."""
