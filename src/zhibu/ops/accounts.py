"""The demonstration accounts: remembered beside the demonstration data and told at each start.

The password of demonstration accounts is no secret to whoever sits at the machine; a server for
others must not have them at all, which `zhibu check --deploy` makes sure of.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

FILE: Final = "demonstration.json"
# No letters and figures that look alike: somebody types it from a screen on a telephone.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Account:
    """One account that a visitor may try."""

    username: str
    role: str  # in Chinese, with the organisation: "党支部书记（第一党支部）"


def choose_password(*, is_demonstration: bool = True) -> str:
    """A new random password (59 bits); for a demonstration the one of ZHIBU_DEMO_PASSWORD if set."""
    given = os.environ.get("ZHIBU_DEMO_PASSWORD")
    if is_demonstration and given:
        return given
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))


def remember_accounts(data_dir: Path, *, password: str, accounts: Sequence[Account]) -> None:
    """Keep what has to be told again at the next start."""
    path = data_dir / FILE
    data = {"password": password, "accounts": [asdict(account) for account in accounts]}
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    path.chmod(0o600)


def recall_accounts(data_dir: Path) -> tuple[str, tuple[Account, ...]] | None:
    """The password and the accounts; None when nothing was remembered."""
    try:
        data = json.loads((data_dir / FILE).read_text(encoding="utf-8"))
        return data["password"], tuple(Account(**account) for account in data["accounts"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def describe_accounts(password: str, accounts: Sequence[Account]) -> str:
    """A table in Chinese for the terminal."""
    width = max((len(account.username) for account in accounts), default=0)
    lines = [f"  {account.username:<{width}}  {account.role}" for account in accounts]
    return "\n".join([f"演示账号（密码都是 {password}）：", *lines])
