"""Settings for the tests of the contract."""

from hypothesis import settings

# A machine with other work to do is no reason to fail.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
