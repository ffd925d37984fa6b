"""Keeps secrets that stand in addresses out of the log: whoever reads it must not get in by them."""

from __future__ import annotations

import logging
import re
from typing import Final

_SECRETS: Final = re.compile(r"(/calendar/|/i/(?=[\w-]{20}))[^\s/\"']+")


class WithoutSecrets(logging.Filter):
    """Lets every line pass, without the secret of a calendar or of an invitation.

    An address that is refused today, because an account is closed or a role has ended, may be good
    again tomorrow.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true; the record may be changed."""
        said = record.getMessage()
        if _SECRETS.search(said):
            record.msg, record.args = _SECRETS.sub(r"\1…", said), ()
        return True
