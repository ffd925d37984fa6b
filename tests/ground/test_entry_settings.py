"""What the environment says of getting in: taken as it is meant, or refused with a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zhibu.ops import checks


def read(tmp_path: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A fresh process that reads the settings."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("ZHIBU_", "DJANGO_")) and key != "DATABASE_URL"
    }
    given = {"ZHIBU_DATA_DIR": str(tmp_path), "PYTHONUTF8": "1", **variables}
    return subprocess.run(
        [sys.executable, "-c", f"from zhibu import settings as s; {code}"],
        env=kept | given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_roles_are_named_in_either_way(tmp_path: Path) -> None:
    """By key or in Chinese; nothing set asks nobody."""
    code = "print(sorted(s.MFA_ROLES), len(s.SIGN_ON_CLAIMS), s.PROXIES)"
    done = read(tmp_path, code, ZHIBU_MFA_ROLES="system_admin, 审计管理员", ZHIBU_HTTPS="1")
    assert "Role.AUDIT_ADMIN" in done.stdout or "audit_admin" in done.stdout, done.stderr
    assert done.stdout.rstrip().endswith(" 0 1")
    assert read(tmp_path, code).stdout.strip() == "[] 0 0"


@pytest.mark.parametrize(
    ("identity", "variables"),
    [
        ("ZHIBU-E31", {"ZHIBU_MFA_ROLES": "system_admin,nobody"}),
        ("ZHIBU-E32", {"ZHIBU_OIDC_URL": "https://idp.example", "ZHIBU_OIDC_SECRET": "ge-heim"}),
        ("ZHIBU-E32", {"ZHIBU_WECOM_CORP": "ww1", "ZHIBU_WECOM_AGENT": "1"}),
        ("ZHIBU-E33", {"ZHIBU_SIGN_ON_CLAIMS": "oidc"}),
        ("ZHIBU-E33", {"ZHIBU_SIGN_ON_CLAIMS": "mail:name"}),
        ("ZHIBU-E22", {"ZHIBU_PASSWORD_LENGTH": "7"}),
        ("ZHIBU-E22", {"ZHIBU_LOCK_AFTER": "0"}),
    ],
)
def test_what_cannot_be_meant_stops_the_start(
    tmp_path: Path, identity: str, variables: dict[str, str]
) -> None:
    """With its number and what to write; a secret is never shown."""
    done = read(tmp_path, "pass", **variables)
    assert done.returncode != 0
    assert identity in done.stderr
    assert "ge-heim" not in done.stderr


def test_a_deployment_is_told_what_is_lax(settings: object) -> None:
    """No second factor for the three, no age of passwords, OIDC in the clear."""
    settings.MFA_ROLES = frozenset()  # type: ignore[attr-defined]
    settings.PASSWORD_DAYS = 0  # type: ignore[attr-defined]
    app = {"settings": {"server_url": "http://idp.example"}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}  # type: ignore[attr-defined]
    found = checks.examine(
        (checks.check_second_factor, checks.check_password_age, checks.check_sign_on)
    )
    assert [message.id for message in found] == ["ZHIBU-W17", "ZHIBU-W18", "ZHIBU-E19"]
