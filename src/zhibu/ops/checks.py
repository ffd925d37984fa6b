"""What `zhibu check` looks at: each finding has an id, a sentence and what to do.

E.. stops a start or a deployment, W.. is worth knowing. `docs/reference/checks.md` lists them.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from typing import Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from zhibu.documents.fonts import find_fonts
from zhibu.norms.catalogue import CatalogueMissing, catalogue_packs
from zhibu.people.models import Person
from zhibu.people.roles import EXCLUSIVE, LABELS

Check = Callable[[], Iterator[CheckMessage]]

# Every variable that is read anywhere; a name that is not among them is a slip of the pen.
VARIABLES: Final = frozenset(
    {
        "ZHIBU_ATTACHMENT_MAX_MB",
        "ZHIBU_BROWSER",
        "ZHIBU_DATA_DIR",
        "ZHIBU_DEBUG",
        "ZHIBU_DEMO_PASSWORD",
        "ZHIBU_DINGTALK_ID",
        "ZHIBU_DINGTALK_SECRET",
        "ZHIBU_FEISHU_ID",
        "ZHIBU_FEISHU_SECRET",
        "ZHIBU_HOSTS",
        "ZHIBU_HTTPS",
        "ZHIBU_IDLE_MINUTES",
        "ZHIBU_INVITATION_DAYS",
        "ZHIBU_KEYS_DIR",
        "ZHIBU_LOCK_AFTER",
        "ZHIBU_LOCK_MINUTES",
        "ZHIBU_LOG",
        "ZHIBU_LOG_LEVEL",
        "ZHIBU_MAIL_FROM",
        "ZHIBU_MAIL_URL",
        "ZHIBU_MFA_ROLES",
        "ZHIBU_OIDC_ID",
        "ZHIBU_OIDC_NAME",
        "ZHIBU_OIDC_SECRET",
        "ZHIBU_OIDC_URL",
        "ZHIBU_ORIGINS",
        "ZHIBU_PASSWORD_DAYS",
        "ZHIBU_PASSWORD_HISTORY",
        "ZHIBU_PASSWORD_LENGTH",
        "ZHIBU_PROXIES",
        "ZHIBU_ROBOT_HOSTS",
        "ZHIBU_SECRET_KEY",
        "ZHIBU_SESSION_HOURS",
        "ZHIBU_SIGN_ON_CLAIMS",
        "ZHIBU_SITE_URL",
        "ZHIBU_TIME_ZONE",
        "ZHIBU_WECOM_AGENT",
        "ZHIBU_WECOM_CORP",
        "ZHIBU_WECOM_SECRET",
    }
)
LOW_DISK_MB: Final = 1024
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


def check_data_dir() -> Iterator[CheckMessage]:
    """The data directory can be written to."""
    folder = settings.DATA_DIR
    probe = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_text("", encoding="ascii")
        probe.unlink(missing_ok=True)  # another command may look at the same time
    except OSError as error:
        yield Error(
            f"数据目录 {folder} 不能写入（{error.strerror}）。",
            hint="用 ZHIBU_DATA_DIR 指定一个本账号可以写入的文件夹，或修改该文件夹的权限。",
            id="ZHIBU-E01",
        )


def check_database() -> Iterator[CheckMessage]:
    """The database answers."""
    try:
        connection.ensure_connection()
    except (DatabaseError, OSError) as error:
        yield Error(
            f"数据库连接不上：{str(error).strip()}",
            hint="检查 DATABASE_URL 的地址、用户名和密码，并确认数据库已经启动、允许本机连接。",
            id="ZHIBU-E02",
        )


def check_migrations() -> Iterator[CheckMessage]:
    """The tables are those of this release."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, OSError):
        return  # E02 says so
    if pending and not executor.loader.applied_migrations:
        yield Error(
            "数据库是空的，还没有建立数据表。",
            hint="正式启用执行 zhibu found，试用执行 zhibu serve，恢复备份执行 zhibu restore，都会自动建立。",
            id="ZHIBU-E05",
        )
    elif pending:
        yield Error(
            f"数据库结构不是最新，还有 {len(pending)} 项更新没有执行。",
            hint="先备份（zhibu backup），再执行 zhibu serve，启动时会自动更新。",
            id="ZHIBU-E03",
        )


def check_signing_key() -> Iterator[CheckMessage]:
    """The secret of the seals is there, and it is the one that signed so far."""
    from zhibu.ledger.keys import inspect_master

    try:
        error = inspect_master()
    except DatabaseError:
        return  # E02, E03 or E05 says so
    if error:
        yield Error(
            f"不能封存：{error}",
            hint="先从备份恢复密钥目录；确已丢失或泄露的，执行 zhibu keys renew（见 docs/operating.md）。",
            id="ZHIBU-E06",
        )


def check_catalogue() -> Iterator[CheckMessage]:
    """The norm packs came with the program."""
    try:
        found = any(True for _ in catalogue_packs())
    except (CatalogueMissing, OSError):
        found = False
    if not found:
        yield Error(
            "找不到随程序提供的规范包。",
            hint="安装不完整，请重新安装：pip install --force-reinstall zhibu。",
            id="ZHIBU-E04",
        )


def check_fonts() -> Iterator[CheckMessage]:
    """A book can be printed in Chinese."""
    report = find_fonts()
    if not report.is_complete:
        yield Warning("没有可用的中文字体，不能排印工作手册。", hint=report.message, id="ZHIBU-W01")


def check_disk() -> Iterator[CheckMessage]:
    """There is room for more."""
    try:
        free = shutil.disk_usage(settings.DATA_DIR).free // 2**20
    except OSError:
        return  # E01 says so
    if free < LOW_DISK_MB:
        yield Warning(
            f"数据目录所在磁盘只剩 {free} MB。",
            hint="清理磁盘，或用 ZHIBU_DATA_DIR 换到空间充足的磁盘。",
            id="ZHIBU-W02",
        )


def check_outages() -> Iterator[CheckMessage]:
    """The mail server and the chat tools answer."""
    from zhibu.network.notices.queries import outages

    try:
        found = list(outages())
    except DatabaseError:
        return  # E02, E03 or E05 says so
    for outage in found:
        since = timezone.localtime(outage.since)
        yield Warning(
            f"{outage.host}从{since.month}月{since.day}日{since:%H:%M}起没有应答：{outage.last_error}。",
            hint="通知没有丢失，恢复后自动补发。邮件服务器请核对 ZHIBU_MAIL_URL；"
            "聊天工具请核对网络能否访问，或在“群机器人”中停用。",
            id="ZHIBU-W04",
        )


def check_variables() -> Iterator[CheckMessage]:
    """No setting is misspelt: it would silently do nothing."""
    for name in sorted(os.environ):
        if name.startswith("ZHIBU_") and name not in VARIABLES:
            yield Warning(
                f"环境变量 {name} 不是本系统的设置，不起作用。",
                hint="对照 docs/reference/settings.md 检查是否写错。",
                id="ZHIBU-W03",
            )


def check_debug() -> Iterator[CheckMessage]:
    """Faults do not show the insides."""
    if settings.DEBUG:
        yield Error(
            "调试方式开着，出错页面会泄露内部信息。",
            hint="去掉 ZHIBU_DEBUG。",
            id="ZHIBU-E11",
        )


def check_demonstration() -> Iterator[CheckMessage]:
    """No account whose password is shown on a screen."""
    try:
        count = Person.objects.filter(is_demonstration=True).count()
    except DatabaseError:
        return  # E02 or E03 says so
    if count:
        yield Error(
            f"库中有 {count} 个演示账号，密码是公开显示的。",
            hint="正式使用请换一个空的数据目录或数据库，先执行 zhibu found 建立本单位，再启动。",
            id="ZHIBU-E12",
        )


def check_secret_key() -> Iterator[CheckMessage]:
    """The key that signs sessions cannot be guessed."""
    key = settings.SECRET_KEY
    if len(key) < 50 or len(set(key)) < 8:
        yield Error(
            "ZHIBU_SECRET_KEY 太短或太简单。",
            hint="去掉它，由系统自动生成并保存在密钥目录；多台机器时设为同一串不少于 50 位的随机字符。",
            id="ZHIBU-E13",
        )


def check_https() -> Iterator[CheckMessage]:
    """Passwords and sessions travel encrypted."""
    if not (settings.HTTPS and settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE):
        yield Error(
            "没有使用 HTTPS，密码和登录凭据会以明文传输。",
            hint="在前面设置带证书的反向代理，并设 ZHIBU_HTTPS=1（见 docs/operating.md）。",
            id="ZHIBU-E14",
        )


def check_hosts() -> Iterator[CheckMessage]:
    """The server knows its own names, and only those."""
    hosts = set(settings.ALLOWED_HOSTS)
    if "*" in hosts:
        yield Error(
            "ZHIBU_HOSTS 含有 *，任何域名都会被接受。",
            hint="逐个写明本系统的域名或 IP 地址，用逗号隔开。",
            id="ZHIBU-E15",
        )
    elif hosts <= LOOPBACK:
        yield Error(
            "没有写明对外的域名，其他电脑打不开。",
            hint="设 ZHIBU_HOSTS=本系统的域名或 IP 地址，多个用逗号隔开。",
            id="ZHIBU-E16",
        )


def check_keys_dir() -> Iterator[CheckMessage]:
    """The keys of the seals are apart from the data and closed to others."""
    folder = settings.KEYS_DIR
    if folder.is_relative_to(settings.DATA_DIR):
        yield Warning(
            "签名密钥与数据放在同一目录，得到数据的人同时得到密钥。",
            hint="用 ZHIBU_KEYS_DIR 把密钥放到另一处（另一块盘或另一账号），并另行备份。",
            id="ZHIBU-W11",
        )
    if os.name == "nt" or not folder.is_dir():
        return
    open_to_others = [
        path.name
        for path in [folder, *folder.iterdir()]
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and (path != folder)
    ]
    if open_to_others:
        yield Error(
            f"密钥文件其他账号也能读取：{'、'.join(open_to_others)}。",
            hint=f"执行 chmod 600 {folder}{os.sep}*。",
            id="ZHIBU-E17",
        )


def check_data_rights() -> Iterator[CheckMessage]:
    """Other accounts of the machine cannot read the database file and the attachments."""
    folder = settings.DATA_DIR
    if os.name != "nt" and folder.is_dir() and folder.stat().st_mode & stat.S_IRWXO:
        yield Error(
            "数据目录其他账号也能读取。",
            hint=f"执行 chmod 700 {folder}。",
            id="ZHIBU-E18",
        )


def check_engine() -> Iterator[CheckMessage]:
    """The database fits a server for many."""
    if connection.vendor == "sqlite":
        yield Warning(
            "数据库是 SQLite，适合单机和一个单位；多单位、多台机器请用 PostgreSQL。",
            hint="设 DATABASE_URL=postgresql://用户:密码@主机/库名；已有数据用 zhibu backup、restore 迁移。",
            id="ZHIBU-W12",
        )


def check_administrators() -> Iterator[CheckMessage]:
    """System, security and audit administration each have somebody."""
    from zhibu.org.models import Grant

    try:
        held = set(
            Grant.objects.filter(
                role__in=[role.value for role in EXCLUSIVE],
                until__isnull=True,
                person__is_active=True,
            )
            .values_list("role", flat=True)
            .distinct()
        )
    except DatabaseError:
        return  # E02 or E03 says so
    missing = [LABELS[role] for role in sorted(EXCLUSIVE) if role.value not in held]
    if missing:
        yield Warning(
            f"还没有指定：{'、'.join(missing)}。",
            hint="三员须由不同的人分别担任，请在“账号与权限”中指定。",
            id="ZHIBU-W13",
        )


def check_second_factor() -> Iterator[CheckMessage]:
    """The three administrators prove themselves by more than a password."""
    missing = [LABELS[role] for role in sorted(EXCLUSIVE - settings.MFA_ROLES)]
    if missing:
        yield Warning(
            f"没有要求设置第二重验证：{'、'.join(missing)}。",
            hint="设 ZHIBU_MFA_ROLES=system_admin,security_admin,audit_admin，可再加其他角色；"
            "等级保护第三级须如此。",
            id="ZHIBU-W17",
        )


def check_password_age() -> Iterator[CheckMessage]:
    """Passwords are changed from time to time."""
    if not settings.PASSWORD_DAYS:
        yield Warning(
            "密码没有使用期限。",
            hint="等级保护要求定期更换：去掉 ZHIBU_PASSWORD_DAYS（即 90 天），或设为天数。",
            id="ZHIBU-W18",
        )


def check_sign_on() -> Iterator[CheckMessage]:
    """What single sign-on says cannot be read or changed on the way."""
    for app in settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", ()):
        if not app["settings"]["server_url"].startswith("https://"):
            yield Error(
                "ZHIBU_OIDC_URL 不是 https 网址，身份可以被冒充。",
                hint="写统一身份认证的 https 网址。",
                id="ZHIBU-E19",
            )


def check_password_in_environment() -> Iterator[CheckMessage]:
    """No password of the demonstration lies about."""
    if os.environ.get("ZHIBU_DEMO_PASSWORD"):
        yield Warning("环境中仍有 ZHIBU_DEMO_PASSWORD。", hint="正式部署请去掉。", id="ZHIBU-W14")


def check_mail() -> Iterator[CheckMessage]:
    """Notices can leave by mail, with a link back."""
    if not settings.MAIL_IS_SET:
        yield Warning(
            "没有设置邮件服务器，通知只在系统内显示。",
            hint="需要发邮件的，设 ZHIBU_MAIL_URL 和 ZHIBU_MAIL_FROM。",
            id="ZHIBU-W19",
        )
    elif not settings.EMAIL_USE_SSL and not settings.EMAIL_USE_TLS:
        yield Warning(
            "与邮件服务器的连接没有加密。",
            hint="邮件服务器支持的，ZHIBU_MAIL_URL 改用 smtps:// 或 smtp+tls://。",
            id="ZHIBU-W20",
        )
    if not settings.SITE_URL:
        yield Warning(
            "没有设置本系统的网址，邮件和群消息中不带链接。",
            hint="设 ZHIBU_SITE_URL，如 https://zhibu.example.gov.cn。",
            id="ZHIBU-W21",
        )


SURROUNDINGS: Final[tuple[Check, ...]] = (check_data_dir, check_database, check_catalogue)
ALWAYS: Final[tuple[Check, ...]] = (
    *SURROUNDINGS,
    check_migrations,
    check_signing_key,
    check_fonts,
    check_disk,
    check_outages,
    check_variables,
)
DEPLOYED: Final[tuple[Check, ...]] = (
    check_debug,
    check_demonstration,
    check_secret_key,
    check_https,
    check_hosts,
    check_keys_dir,
    check_data_rights,
    check_engine,
    check_administrators,
    check_second_factor,
    check_password_age,
    check_sign_on,
    check_mail,
    check_password_in_environment,
)


def examine(checks: tuple[Check, ...]) -> list[CheckMessage]:
    """All findings, in order."""
    return [message for check in checks for message in check()]


def describe(message: CheckMessage) -> str:
    """A finding for the terminal: id, what it is, what to do."""
    kind = "错误" if message.is_serious() else "提醒"
    identity = message.id or ""
    text = f"{kind} {identity}：{message.msg}"
    hint = re.sub(r"\n", "\n    ", str(message.hint)) if message.hint else ""
    return f"{text}\n    处理：{hint}" if hint else text
