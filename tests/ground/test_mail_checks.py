"""Mail settings from the environment, and what `zhibu check` and /healthz say of deliveries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from zhibu.network.notices.models import Outage
from zhibu.ops import checks

NOW = datetime(2026, 3, 12, 2, 30, tzinfo=UTC)
SHOW = """
import json
import zhibu.settings as s
print(json.dumps([s.MAIL_IS_SET, s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_HOST_USER,
    s.EMAIL_HOST_PASSWORD, s.EMAIL_USE_SSL, s.EMAIL_USE_TLS, s.DEFAULT_FROM_EMAIL, s.SITE_URL,
    sorted(s.ROBOT_HOSTS)]))
"""


def _read(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("ZHIBU_")}
    env |= {"ZHIBU_DATA_DIR": str(tmp_path), "PYTHONIOENCODING": "utf-8", **variables}
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        check=False,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, [False, "localhost", 25, "", "", False, False, "支部 <zhibu@localhost>", "", []]),
        (
            {
                "ZHIBU_MAIL_URL": "smtps://us%40er:pass%2Fword@mail.example.org",
                "ZHIBU_MAIL_FROM": "支部 <a@example.org>",
                "ZHIBU_SITE_URL": "https://zhibu.example.org/",
                "ZHIBU_ROBOT_HOSTS": "Chat.local, 10.0.0.8",
            },
            [True, "mail.example.org", 465, "us@er", "pass/word", True, False,
             "支部 <a@example.org>", "https://zhibu.example.org", ["10.0.0.8", "chat.local"]],
        ),
        (
            {"ZHIBU_MAIL_URL": "smtp+tls://u:p@h:2587", "ZHIBU_MAIL_FROM": "a@example.org"},
            [True, "h", 2587, "u", "p", False, True, "a@example.org", "", []],
        ),
    ],
)  # fmt: skip
def test_what_is_set_is_read(
    tmp_path: Path, variables: dict[str, str], expected: list[Any]
) -> None:
    """Each way of encrypting with its usual port."""
    answer = _read(tmp_path, **variables)
    assert json.loads(answer.stdout) == expected


@pytest.mark.parametrize(
    ("variables", "identity"),
    [
        ({"ZHIBU_MAIL_URL": "mail.example.org", "ZHIBU_MAIL_FROM": "a@b.cn"}, "ZHIBU-E34"),
        ({"ZHIBU_MAIL_URL": "smtp://h:port", "ZHIBU_MAIL_FROM": "a@b.cn"}, "ZHIBU-E34"),
        ({"ZHIBU_MAIL_URL": "smtp://u:Geheim-1@", "ZHIBU_MAIL_FROM": "a@b.cn"}, "ZHIBU-E34"),
        ({"ZHIBU_MAIL_URL": "smtp://h"}, "ZHIBU-E35"),
        ({"ZHIBU_MAIL_FROM": "nobody"}, "ZHIBU-E35"),
        ({"ZHIBU_SITE_URL": "zhibu.example.org"}, "ZHIBU-E36"),
    ],
)
def test_what_cannot_be_stops_with_a_hint(
    tmp_path: Path, variables: dict[str, str], identity: str
) -> None:
    """Its id, what to do, and no password."""
    answer = _read(tmp_path, **variables)
    assert answer.returncode
    assert identity in answer.stderr
    assert "处理：" in answer.stderr
    assert "Geheim" not in answer.stderr.rpartition("Misset")[2]


@pytest.mark.django_db
def test_a_host_that_does_not_answer_is_found(settings: Any) -> None:
    """By `zhibu check` with a hint, by /healthz as something that wants attention."""
    assert not list(checks.check_outages())
    assert Client().get("/healthz").json()["signs"]["deliveries"]["state"] == "ok"
    Outage.objects.create(
        host="邮件服务器", since=NOW, pause_until=NOW, last_error="邮件服务器连接不上"
    )
    (found,) = checks.check_outages()
    assert found.id == "ZHIBU-W04"
    assert "从3月12日10:30起没有应答" in found.msg
    answer = Client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["signs"]["deliveries"]["state"] == "weak"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"MAIL_IS_SET": False, "SITE_URL": ""}, ["ZHIBU-W19", "ZHIBU-W21"]),
        ({"MAIL_IS_SET": True, "SITE_URL": "https://x"}, ["ZHIBU-W20"]),
        ({"MAIL_IS_SET": True, "EMAIL_USE_SSL": True, "SITE_URL": "https://x"}, []),
    ],
)
def test_what_a_deployment_is_told(
    settings: Any, values: dict[str, Any], expected: list[str]
) -> None:
    """No mail, mail in the open, no address for the links."""
    for name, value in values.items():
        setattr(settings, name, value)
    assert [found.id for found in checks.check_mail()] == expected
