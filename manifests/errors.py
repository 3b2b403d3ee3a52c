"""The exceptions that are meant for the user's eyes."""


class ThreeDieError(Exception):
    """A mistake or a fault the user can mend: the message names the thing, what is wrong and what to do.

    The command line prints it as one line and exits with code 2; everything else is a bug and shows its traceback.
    """


class DamagedFileError(ThreeDieError):
    """A file of ours isn't what was written into it: cut short, or with other bytes."""
