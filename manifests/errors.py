"""The one exception that is meant for the user's eyes."""


class ThreeDieError(Exception):
    """A mistake or a fault the user can mend: the message names the thing, what is wrong and what to do.

    The command line prints it as one line and exits with code 2; everything else is a bug and shows its traceback.
    """
