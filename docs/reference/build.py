"""Write the reference from the code: rules, settings, roles, commands.

    python docs/reference/build.py           write the pages
    python docs/reference/build.py --check   say which are missing or stale, and end with 1

A setting that is read in the code and has no sentence below is an error.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

SETTINGS: dict[str, tuple[str, str]] = {
    "ZHIBU_DATA_DIR": ("当前目录下的 zhibu-data", "数据目录：SQLite 数据库、附件、密钥。"),
    "ZHIBU_KEYS_DIR": (
        "数据目录下的 keys",
        "封存签名的主密钥和会话密钥所在目录。多台服务器须共用同一份，并与数据库分开备份。",
    ),
    "DATABASE_URL": (
        "数据目录下的 SQLite",
        "数据库地址，例如 postgresql://用户:密码@主机:5432/zhibu。",
    ),
    "ZHIBU_SECRET_KEY": ("首次启动时生成", "会话与表单令牌的密钥；多台服务器须相同。"),
    "ZHIBU_HOSTS": ("127.0.0.1,localhost", "对外提供服务的主机名，逗号分隔。"),
    "ZHIBU_ORIGINS": ("无", "允许提交表单的来源，例如 https://zhibu.example.gov.cn，逗号分隔。"),
    "ZHIBU_HTTPS": (
        "0",
        "设为 1：只经 HTTPS 访问，Cookie 加 Secure，启用 HSTS。正式部署必须设置。",
    ),
    "ZHIBU_PROXIES": (
        "0；设了 ZHIBU_HTTPS 时为 1",
        "前面有几层自己的反向代理（各自在 X-Forwarded-For 中加上来访地址）。按地址锁定时以此辨认来访者。",
    ),
    "ZHIBU_PASSWORD_LENGTH": ("10", "密码最少位数，8 到 64。"),
    "ZHIBU_PASSWORD_HISTORY": ("5", "新密码不能与最近几次相同，0 到 24。"),
    "ZHIBU_PASSWORD_DAYS": ("90", "密码用多少天后须更换；0 为不限。"),
    "ZHIBU_LOCK_AFTER": ("5", "同一账号、同一地址连续几次不正确即锁定，3 到 20。"),
    "ZHIBU_LOCK_MINUTES": ("30", "锁定多少分钟后自行解除。"),
    "ZHIBU_IDLE_MINUTES": ("30", "多少分钟没有操作即退出登录。"),
    "ZHIBU_SESSION_HOURS": ("12", "一次登录最长多少小时，1 到 24。"),
    "ZHIBU_INVITATION_DAYS": ("14", "邀请单多少天内有效，1 到 60。"),
    "ZHIBU_MFA_ROLES": (
        "无",
        "哪些角色须设置第二重验证，逗号分隔，写角色代号或名称，如 system_admin,security_admin,audit_admin。",
    ),
    "ZHIBU_OIDC_URL": ("无", "统一身份认证（OIDC）的网址（issuer）。与下两项同时设置。"),
    "ZHIBU_OIDC_ID": ("无", "本系统在统一身份认证登记的 client_id。"),
    "ZHIBU_OIDC_SECRET": ("无", "登记的 client_secret。"),
    "ZHIBU_OIDC_NAME": ("统一身份认证", "登录页面上按钮的名称。"),
    "ZHIBU_WECOM_CORP": ("无", "企业微信的企业 ID。与下两项同时设置。"),
    "ZHIBU_WECOM_AGENT": ("无", "企业微信自建应用的 AgentId。"),
    "ZHIBU_WECOM_SECRET": ("无", "企业微信自建应用的 Secret。"),
    "ZHIBU_DINGTALK_ID": ("无", "钉钉应用的 Client ID（AppKey）。与下一项同时设置。"),
    "ZHIBU_DINGTALK_SECRET": ("无", "钉钉应用的 Client Secret。"),
    "ZHIBU_FEISHU_ID": ("无", "飞书应用的 App ID。与下一项同时设置。"),
    "ZHIBU_FEISHU_SECRET": ("无", "飞书应用的 App Secret。"),
    "ZHIBU_SIGN_ON_CLAIMS": (
        "无",
        "单点登录以哪一项为用户名对应已有账号，如 oidc:preferred_username,wecom:userid；不设时只认本人关联过的。",
    ),
    "ZHIBU_MAIL_URL": (
        "无，不发邮件",
        "邮件服务器：smtp://用户:密码@主机:25，加密的写 smtps://（465）或 smtp+tls://（587）。与下一项同时设置。",
    ),
    "ZHIBU_MAIL_FROM": ("无", "发件地址，如 支部 <zhibu@example.gov.cn>。"),
    "ZHIBU_SITE_URL": (
        "无，邮件和群消息中不带链接",
        "大家打开本系统的网址，如 https://zhibu.example.gov.cn，用于邮件和群消息中的链接。",
    ),
    "ZHIBU_ROBOT_HOSTS": (
        "无",
        "本单位内部网络中的聊天服务器（主机名或 IP 地址，逗号分隔），群机器人可以连接它们，也可以用 http；其他机器人只能是公开网络上的 https 地址。",
    ),
    "ZHIBU_TIME_ZONE": ("Asia/Shanghai", "时区。"),
    "ZHIBU_ATTACHMENT_MAX_MB": ("20", "单个附件的上限，单位 MB。"),
    "ZHIBU_LOG": ("plain", "设为 json：日志每行一个 JSON。"),
    "ZHIBU_LOG_LEVEL": ("INFO", "日志级别：DEBUG、INFO、WARNING、ERROR。"),
    "ZHIBU_DEBUG": ("0", "设为 1：开发时显示出错细节。正式部署不得设置。"),
    "ZHIBU_BROWSER": ("自动查找", "测试和截图所用浏览器的路径。"),
    "ZHIBU_DEMO_PASSWORD": ("随机生成并显示", "演示账号的密码。"),
}


def main() -> None:
    """Write or compare."""
    pages = {
        "rules.md": "".join(rules()),
        "settings.md": "".join(settings()),
        "roles.md": "".join(roles()),
        "commands.md": "".join(commands()),
        "checks.md": "".join(checks()),
        "responsibilities.md": "".join(responsibilities()),
    }
    stale = [name for name, text in pages.items() if read(HERE / name) != text]
    if "--check" in sys.argv:
        for name in stale:
            print(f"docs/reference/{name} is stale: run python docs/reference/build.py")
        sys.exit(1 if stale else 0)
    for name in stale:
        (HERE / name).write_text(pages[name], encoding="utf-8", newline="\n")
        print(f"wrote docs/reference/{name}")


def read(path: Path) -> str:
    """The text of a page; empty when there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def rules() -> Iterator[str]:
    """Every rule with its id, title and sentence."""
    from zhibu.rules.wording import RULES
    from zhibu.rules.wording_roster import RULES as IMPORT_RULES

    yield "# 规则\n\n每个判定都有固定编号、事实和依据。句中 {} 处填入事实。由代码生成。\n\n"
    yield "| 编号 | 名称 | 说明 |\n|---|---|---|\n"
    for rule in RULES.values():
        yield f"| `{rule.id}` | {rule.title} | {rule.template.replace('|', '｜')} |\n"
    yield "\n## 名册导入\n\n导入花名册和党组织名册时，逐行逐列判定。\n\n"
    yield "| 编号 | 名称 | 说明 |\n|---|---|---|\n"
    for rule_id, (title, template) in IMPORT_RULES.items():
        yield f"| `{rule_id}` | {title} | {template} |\n"


def responsibilities() -> Iterator[str]:
    """What each post has to do, on what ground and how sure, and from what its state is seen."""
    from zhibu.rules.labels import label
    from zhibu.rules.responsibility_lists import read_list

    found = read_list(read(ROOT / "catalogue" / "lists" / "responsibilities.toml"))
    yield f"# 责任清单\n\n{found.summary}\n\n由 `catalogue/lists/responsibilities.toml` 生成。"
    yield "“看什么”是落实情况从哪里看出（measure），`own` 为由本人自行掌握。\n"
    for post in found.posts:
        yield f"\n## {post.title}\n\n| 编号 | 责任 | 内容 | 依据 | 把握 | 看什么 |\n|---|---|---|---|---|---|\n"
        for item in post.items:
            ground = f"{item.article.text}（{item.article.source}）"
            sure = label(item.article.certainty)
            yield f"| {item.code} | {item.title} | {item.text} | {ground} | {sure} | `{item.measure}` |\n"


def settings() -> Iterator[str]:
    """Every variable of the environment that the code reads."""
    read_in_code = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"\bZHIBU_[A-Z_]+\b|\bDATABASE_URL\b", read(path))
    }
    if unknown := sorted(read_in_code - SETTINGS.keys()):
        sys.exit(f"docs/reference/build.py: no sentence for {', '.join(unknown)}")
    yield "# 设置\n\n全部来自环境变量；不设置任何一项也能在一台电脑上运行。由代码生成。\n\n"
    yield "| 变量 | 不设时 | 含义 |\n|---|---|---|\n"
    for name, (default, meaning) in SETTINGS.items():
        if name not in read_in_code:
            sys.exit(f"docs/reference/build.py: {name} is read nowhere")
        yield f"| `{name}` | {default} | {meaning} |\n"


def roles() -> Iterator[str]:
    """Which role may do which verb, and which verb each address asks for."""
    from zhibu.people.roles import FROM_ABOVE, LABELS, OVER_BELOW, TABLE, VERB_LABELS, Role, Verb
    from zhibu.web.urls import RIGHTS

    yield "# 角色与权限\n\n角色授予某个党组织，可含下级，有起止时间。由代码生成。\n\n"
    yield "| 权限 | " + " | ".join(LABELS[role] for role in Role) + " |\n"
    yield "|---|" + ":-:|" * len(Role) + "\n"
    for verb in Verb:
        marks = " | ".join("●" if verb in TABLE[role] else "" for role in Role)
        above = (
            "（只由上级）" if verb in FROM_ABOVE else "（须含下级）" if verb in OVER_BELOW else ""
        )
        yield f"| {VERB_LABELS[verb]}{above} `{verb}` | {marks} |\n"
    yield "\n“须含下级”的各项关系到全部下级：党支部以上组织的角色不含下级的，不能办理；党支部的角色不受影响。\n"
    yield "\n## 页面所需权限\n\n没有权限的人看到的是“没有这个页面”。\n\n| 页面 | 权限 |\n|---|---|\n"
    words = {
        "public": "不需登录",
        "signed_in": "登录即可",
        "step": "登录过程中的一步",
        "bearer": "持有地址即可",
    }
    for name, verb in sorted(RIGHTS.items()):
        label = words.get(str(verb)) or VERB_LABELS[Verb(verb)]
        yield f"| `{name}` | {label} |\n"


def checks() -> Iterator[str]:
    """Every finding of `zhibu check` and of the settings, from the calls that make them."""
    yield "# 检查\n\n`zhibu check` 与设置的检查。E 为错误，W 为提醒；E11 以后、W11 以后只在 "
    yield "`--deploy` 时检查，E21 以后在读取设置时发现。由代码生成。\n\n"
    yield "| 编号 | 情况 | 处理 |\n|---|---|---|\n"
    found: dict[str, tuple[str, str]] = {}
    tree = ast.parse(read(ROOT / "src/zhibu/ops/checks.py"))
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"Error", "Warning"}:
            named = {each.arg: each.value for each in call.keywords}
            found[_words(named["id"])] = (_words(call.args[0]), _words(named["hint"]))
    for call in ast.walk(ast.parse(read(ROOT / "src/zhibu/settings.py"))):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Misset":
            identity, name, hint = map(_words, call.args)
            found[identity] = (f"环境变量 {name} 的值不能用。", hint)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "ImproperlyConfigured":
            identity, _, rest = _words(call.args[0]).partition("：")
            what, _, hint = rest.partition("处理：")
            found[identity] = (what, hint)
    for identity, (what, hint) in sorted(found.items()):
        yield f"| `{identity}` | {' '.join(what.split())} | {' '.join(hint.split())} |\n"


def _words(node: ast.expr) -> str:
    """The text that an expression makes, with … for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "…" for v in node.values)
    return "…"


def commands() -> Iterator[str]:
    """The help of every command."""
    from zhibu.ops import wording
    from zhibu.ops.cli import cli as zhibu

    wording.speak_chinese()

    yield "# 命令\n\n`zhibu` 各命令的说明。由代码生成。\n"
    yield from _help(zhibu, "zhibu", None)


def _help(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(
        command,
        info_name=name.rsplit(maxsplit=1)[-1],
        parent=parent,
        terminal_width=88,
        max_content_width=88,
    )
    yield f"\n## {name}\n\n```\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            child = command.get_command(context, each)
            if child is not None:
                yield from _help(child, f"{name} {each}", context)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhibu.settings")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZHIBU_DATA_DIR"] = folder
        import django

        django.setup()
        main()
