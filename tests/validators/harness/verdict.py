"""What a check may say besides nothing, which means passed."""


class Failed(Exception):
    """The artifact is wrong, or the check could not be carried out. Holds the program's own words."""


class NotApplicable(Exception):
    """This host has no artifact of the kind."""


class NotRun(Exception):
    """The check's reference material is nowhere on this machine."""
