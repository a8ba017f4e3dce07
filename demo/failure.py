"""A step that failed."""


class Failure(Exception):
    """What failed and what to do; `log` is a file whose last lines tell more."""

    def __init__(self, message, log=None):
        super().__init__(message)
        self.log = log
