"""The command line: help worth reading, errors that say what to do, honest exit codes."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from zhibu.norms.models import NormVersion
from zhibu.ops import cli
from zhibu.org.services import Refused

ENGLISH = ("Usage", "Options", "Commands", "Error", "Show this message", "Missing", "Try ")


def every_command() -> list[tuple[str, ...]]:
    """The path of every command and group there is."""
    found: list[tuple[str, ...]] = []
    for name in cli.COMMANDS:
        found.append((name,))
        command = cli.load_command(name)
        if isinstance(command, click.Group):
            found += [(name, each) for each in command.commands]
    return found


def test_help_comes_at_once() -> None:
    """`zhibu --help` loads no command and no Django, and works for less than two seconds.

    What it works is its own time; how long it takes is also up to what else the machine does.
    """
    program = (
        "import sys, time; from zhibu.ops import cli; cli.run(['--help']); "
        "took_long = time.process_time() > 2; "
        "sys.exit(took_long or any(name in sys.modules for name in ('django', 'typst', 'granian')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads the first page knows what there is."""
    assert cli.run(["--help"]) == 0
    text = capsys.readouterr().out
    for name, entry in cli.COMMANDS.items():
        assert name in text
        assert entry.summary in text


def test_every_command_explains_itself_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    """Each has a sentence, each option and argument a meaning, and no English is left over."""
    for path in every_command():
        assert cli.run([*path, "--help"]) == 0, path
        text = capsys.readouterr().out
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text), path
        assert not [word for word in ENGLISH if word in text], (path, text)
        assert len(text.splitlines()) > 5, path


def test_every_option_says_what_it_is_for() -> None:
    """No option without a help text."""
    silent = []
    for path in every_command():
        command = cli.load_command(path[0])
        for name in path[1:]:
            assert isinstance(command, click.Group)
            command = command.commands[name]
        silent += [
            (path, parameter.name)
            for parameter in command.params
            if isinstance(parameter, click.Option) and not parameter.hidden and not parameter.help
        ]
    assert silent == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nichts"], 2, "没有 'nichts' 这个命令"),
        (["--nichts"], 2, "没有 '--nichts' 这个选项"),
        (["serve", "--port", "achtzig"], 2, "不是数字"),
        (["serve", "--port", "70000"], 2, "不在范围"),
        (["restore"], 2, "缺少参数"),
        (["restore", "gibt-es-nicht.zip"], 2, "不存在"),
        (["norm", "check", "gibt-es-nicht.toml"], 2, "不存在"),
        (["norm"], 2, "用法"),
    ],
)
def test_wrong_words_end_with_2_and_a_hint(
    arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip of the pen gets a Chinese sentence and exit code 2."""
    assert cli.run(arguments) == code
    err = capsys.readouterr().err
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"ZHIBU_ATTACHMENT_MAX_MB": "viel"}, "ZHIBU-E22"),
        ({"ZHIBU_ATTACHMENT_MAX_MB": "-1"}, "ZHIBU-E22"),
        ({"ZHIBU_DEBUG": "vielleicht"}, "ZHIBU-E21"),
        ({"ZHIBU_LOG": "xml"}, "ZHIBU-E23"),
        ({"ZHIBU_LOG_LEVEL": "LAUT"}, "ZHIBU-E23"),
        ({"ZHIBU_TIME_ZONE": "Mars/Olympus"}, "ZHIBU-E27"),
        ({"DATABASE_URL": "mysql://u:geheim@h/d"}, "ZHIBU-E26"),
        ({"DATABASE_URL": "nonsense"}, "ZHIBU-E26"),
        ({"DATABASE_URL": "postgresql://u:geheim@127.0.0.1:1/d"}, "数据库"),
    ],
)
def test_settings_that_cannot_be_used_are_named(
    variables: dict[str, str], says: str, tmp_path: Path
) -> None:
    """The program does not run with another value than was meant; no traceback, no password."""
    done = run_apart(["check"], tmp_path, **variables)
    assert done.returncode == 1
    text = done.stdout + done.stderr
    assert says in text
    assert "处理" in text or "请检查" in text
    assert "Traceback" not in text
    assert "geheim" not in text


def test_data_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be: said, not crashed."""
    place = tmp_path / "taken"
    place.write_text("", encoding="ascii")
    done = run_apart(["check"], tmp_path, ZHIBU_DATA_DIR=str(place / "below"))
    assert done.returncode == 1
    assert "ZHIBU-E24" in done.stderr


def test_demonstration_is_made_in_an_empty_folder(tmp_path: Path) -> None:
    """`zhibu demo` needs no other command before it; what it made verifies."""
    made = run_apart(["demo", "--branches", "1"], tmp_path)
    assert made.returncode == 0, made.stderr
    assert "演示账号" in made.stdout
    assert run_apart(["verify"], tmp_path).returncode == 0


def test_output_survives_a_console_without_chinese(tmp_path: Path) -> None:
    """A pipe in another code page gets UTF-8 instead of an exception."""
    done = run_apart(["--help"], tmp_path, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "年度安排表" in done.stdout


def test_a_pipe_of_chinese_windows_keeps_its_encoding(tmp_path: Path) -> None:
    """Whoever reads it there takes it for GBK: findstr, PowerShell, the console itself."""
    kept = {"PYTHONIOENCODING": "gbk", "PYTHONUTF8": "0"}
    done = run_apart(["verify"], tmp_path, encoding="gbk", **kept)
    assert done.returncode == 1
    assert "数据库尚未建立" in done.stderr
    assert "\ufffd" not in run_apart(["--help"], tmp_path, encoding="gbk", **kept).stdout


def test_what_commands_say_can_be_written_in_gbk() -> None:
    """No sign that a Chinese console lacks; names of the demonstration are meant to be rare."""
    found = []
    for path in sorted((Path(cli.__file__).parent).rglob("*.py")):
        if path.name == "names.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                rare = {sign for sign in node.value if not sign.encode("gbk", "ignore")}
                found += [f"{path.name}:{node.lineno}: {rare}"] if rare else []
    assert found == []


@pytest.mark.parametrize(
    ("detail", "sqlstate", "says"),
    [
        ("no such table: org_organization", None, "尚未建立"),
        ("table org_organization has no column named soon_days", None, "尚未建立"),
        ('关系 "org_organization" 不存在', "42P01", "尚未建立"),
        ('column "soon_days" does not exist', "42703", "尚未建立"),
        ('FATAL:  database "zhibu" does not exist', None, "DATABASE_URL"),
        ('FATAL:  role "zhibu" does not exist', None, "DATABASE_URL"),
        ("database is locked", None, "其他程序"),
    ],
)
def test_what_a_database_lacks_is_told_apart(detail: str, sqlstate: str | None, says: str) -> None:
    """Tables that are not there yet are made; a wrong name or address is to be looked at."""
    assert says in cli.explain_database(detail, sqlstate)


def test_what_a_service_refuses_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shipped pack was edited under its old version: a sentence at the start, no traceback."""

    def refuse(**_: object) -> None:
        error = Refused("规范包“branch”的版本 2018 已经发布，内容不能再改。")
        error.add_note("文件：branch-2018.toml")
        raise error

    monkeypatch.setattr("zhibu.ops.norms.load_catalogue", refuse)
    monkeypatch.setattr("zhibu.ops.norms.list_versions", NormVersion.objects.none)
    assert cli.run(["norm", "load"]) == 1
    err = capsys.readouterr().err
    assert "内容不能再改" in err
    assert "branch-2018.toml" in err


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`zhibu --version` says which release this is."""
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("zhibu 0.")


def run_apart(
    arguments: list[str], folder: Path, *, encoding: str = "utf-8", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own with nothing but these settings."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("ZHIBU_", "DATABASE", "DJANGO"))
    }
    return subprocess.run(
        [sys.executable, "-m", "zhibu", *arguments],
        env={**kept, "ZHIBU_DATA_DIR": str(folder / "data"), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        encoding=encoding,
        check=False,
        timeout=60,
    )
