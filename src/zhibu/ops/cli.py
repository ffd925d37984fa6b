"""The command `zhibu`: what it can do, said once, and loaded only when it is asked for.

A new command: write it in a module of `zhibu.ops` and name it in `COMMANDS`.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import click

from zhibu.ops import wording
from zhibu.ops.release import read_version


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives, and what is said about it before it is loaded."""

    target: str  # "module:name" of a click command or group
    summary: str
    needs_django: bool = True


COMMANDS: Final[Mapping[str, Entry]] = {
    "serve": Entry("zhibu.ops.serve:serve", "启动网站（连同后台任务）"),
    "worker": Entry("zhibu.ops.worker:worker", "单独运行后台任务"),
    "demo": Entry("zhibu.ops.demo:demo", "生成演示数据"),
    "check": Entry("zhibu.ops.check:check", "检查设置与环境；--deploy 按正式部署的要求检查"),
    "found": Entry("zhibu.ops.founding:found", "正式启用：建立本单位和三员账号"),
    "org": Entry("zhibu.ops.rosters:org", "党组织名册：导入、导出、模板、撤销导入"),
    "roster": Entry("zhibu.ops.rosters:roster", "党员花名册：导入、导出、模板、撤销导入"),
    "invite": Entry("zhibu.ops.invite:invite", "给一个账号发邀请：管理员本人忘记密码、遗失手机时"),
    "norm": Entry("zhibu.ops.norms:norm", "规范：检查、装入、列出、比较"),
    "plan": Entry("zhibu.ops.plans:plan", "年度安排表：起草、导出、导入"),
    "book": Entry("zhibu.ops.books:book", "工作手册：导出"),
    "verify": Entry("zhibu.ops.verify:verify", "核验记录是否被改动", needs_django=False),
    "holidays": Entry("zhibu.ops.plans:holidays", "节假日：导入放假调休安排"),
    "search": Entry("zhibu.ops.search:search", "检索：查看和重建索引"),
    "keys": Entry("zhibu.ops.keys:keys", "签名密钥：查看、更换"),
    "backup": Entry("zhibu.ops.backup:backup", "备份全部数据到一个文件"),
    "restore": Entry("zhibu.ops.backup:restore", "从备份文件恢复"),
}

EPILOG: Final = """\
\b
常用：
  zhibu serve                     启动，然后在浏览器打开所显示的网址
  zhibu check --deploy            正式部署前逐项检查
  zhibu backup 备份.zip           备份；zhibu restore 备份.zip 恢复
  zhibu verify                    核验全部记录

\b
设置一律用环境变量，如 ZHIBU_DATA_DIR（数据目录）、DATABASE_URL（数据库），
见 docs/reference/settings.md。返回码：0 正常；1 未通过或出错；2 命令写法有误。
"""


# Where click says TEXT, INTEGER RANGE and [%Y-%m-%d]; an author's own word stays.
METAVARS: Final[Mapping[type[click.ParamType[Any]], str]] = {
    click.types.StringParamType: "文字",
    click.types.IntParamType: "数字",
    click.IntRange: "数字",
    click.DateTime: "年-月-日",
}


class Commands(click.Group):
    """A group whose commands are imported when they are run, so that help is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("命令"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


def load_command(name: str) -> click.Command:
    """Import a command of `COMMANDS`."""
    entry = COMMANDS[name]
    if entry.needs_django:
        set_up_django()
    module, _, attribute = entry.target.partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    return with_chinese_usage(command)


def with_chinese_usage(command: click.Command) -> click.Command:
    """Say "[选项]" where click says "[OPTIONS]", in a command and in all below it.

    And break lines where the author did: click joins them with spaces, which Chinese has none of.
    """
    command.options_metavar = "[选项]"
    if command.help and "\b" not in command.help:
        paragraphs = inspect.cleandoc(command.help).split("\n\n")
        command.help = "\n\n".join(f"\b\n{paragraph}" for paragraph in paragraphs)
        command.short_help = command.short_help or paragraphs[0].replace("\n", "")
    for parameter in command.params:
        if parameter.metavar is None:
            parameter.metavar = METAVARS.get(type(parameter.type))
    if isinstance(command, click.Group):
        command.subcommand_metavar = "命令 [参数]……"
        for each in command.commands.values():
            with_chinese_usage(each)
    return command


def show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """Print the version and leave."""
    if value and not ctx.resilient_parsing:
        click.echo(f"zhibu {read_version()}")
        ctx.exit()


@click.command(
    cls=Commands,
    epilog=EPILOG,
    options_metavar="[选项]",
    subcommand_metavar="命令 [参数]……",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="显示版本",
)
def cli() -> None:
    """支部：一规、一表、一册、一网。

    党支部工作的规范、年度安排表、工作手册和各级总览，一处记录，四处可见。
    """


def set_up_django() -> None:
    """Load the settings and the apps, once. Errors of the settings become one clear message."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhibu.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit code."""
    wording.prepare_output()
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code. Expected errors end in a sentence, not in a traceback."""
    try:
        result: Any = cli.main(args=arguments, prog_name="zhibu", standalone_mode=False)
    except click.ClickException as error:
        wording.complete(error)
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("已中止。", err=True)
        return 130
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        click.secho(f"错误：{sentence}", err=True, fg="red")
        return 1
    return result if isinstance(result, int) else 0


def explain(error: Exception) -> str | None:
    """What went wrong in the surroundings and what to do, or None for a fault of the program."""
    from django.apps import apps
    from django.core.exceptions import ImproperlyConfigured
    from django.db.utils import InterfaceError, OperationalError, ProgrammingError

    if isinstance(error, ImproperlyConfigured):
        return f"设置有误。{error}"
    if isinstance(error, (OperationalError, InterfaceError, ProgrammingError)):
        return explain_database(str(error).strip(), getattr(error.__cause__, "sqlstate", None))
    if apps.ready:
        from zhibu.ledger.keys import SigningKeyError
        from zhibu.org.services import Refused
        from zhibu.rules.packs import PackFaulty

        if isinstance(error, (SigningKeyError, Refused, PackFaulty)):
            return "\n".join([str(error), *getattr(error, "__notes__", ())])
    if isinstance(error, OSError) and error.filename:
        reason = wording.OS_ERRORS.get(error.errno or 0, error.strerror or str(error))
        return f"{error.filename2 or error.filename}：{reason}。"
    return None


_NO_SUCH_TABLE: Final = frozenset({"42P01", "42703"})  # or no such column

_LACKING: Final = re.compile("no such (table|column)|has no column named")


def explain_database(detail: str, sqlstate: str | None = None) -> str:
    """Words for what a database says about itself; `sqlstate` is PostgreSQL's, in any language."""
    if sqlstate in _NO_SUCH_TABLE or _LACKING.search(detail):
        return (
            f"数据库尚未建立或不是最新结构，请先执行 zhibu serve，或 zhibu check 查看。（{detail}）"
        )
    if "locked" in detail:
        return f"数据库正被其他程序占用，请稍后再试。（{detail}）"
    return f"数据库无法使用，请检查 DATABASE_URL 和数据库是否已启动。（{detail}）"
