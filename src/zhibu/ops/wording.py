"""Chinese for what the command-line library says by itself, and an output that can carry it."""

from __future__ import annotations

import errno
import importlib
import io
import os
import re
import sys
import unicodedata
from typing import Final

import click

WORDS: Final = {
    "Usage:": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "Positional arguments": "参数",
    "Show this message and exit.": "显示本说明",
    "Show the version and exit.": "显示版本",
    "Error: {message}": "错误：{message}",
    "Try '{command} {option}' for help.": "可执行 {command} {option} 查看说明。",
    "No such command {name!r}.": "没有 {name!r} 这个命令。",
    "No such option {name!r}.": "没有 {name!r} 这个选项。",
    "Did you mean {possibility}?": "是不是 {possibility}？",
    "(Did you mean one of: {possibilities}?)": "（是不是 {possibilities}？）",
    "Missing command.": "请写明命令。",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Missing {param_type}": "缺少{param_type}",
    "Missing parameter: {param_name}": "缺少参数：{param_name}",
    "Choose from:\n\t{choices}": "可选：\n\t{choices}",
    "Invalid value: {message}": "值不对：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 的值不对：{message}",
    "Got unexpected extra argument ({args})": "多出参数（{args}）",
    "Got unexpected extra arguments ({args})": "多出参数（{args}）",
    "Option {name!r} requires an argument.": "选项 {name!r} 后面要写一个值。",
    "Option {name!r} requires {nargs} arguments.": "选项 {name!r} 后面要写 {nargs} 个值。",
    "Option {name!r} does not take a value.": "选项 {name!r} 后面不写值。",
    "Could not open file {filename!r}: {message}": "打不开文件 {filename!r}：{message}",
    "{name} {filename!r} does not exist.": "{name} {filename!r} 不存在。",
    "{name} {filename!r} is a directory.": "{filename!r} 是文件夹，这里要的是文件。",
    "{name} {filename!r} is a file.": "{filename!r} 是文件，这里要的是文件夹。",
    "{name} {filename!r} is not readable.": "{name} {filename!r} 无权读取。",
    "{name} {filename!r} is not writable.": "{name} {filename!r} 无权写入。",
    "File": "文件",
    "Directory": "文件夹",
    "Path": "路径",
    "file": "文件",
    "directory": "文件夹",
    "path": "路径",
    "{value!r} is not a valid {number_type}.": "{value!r} 不是数字。",
    "{value} is not in the range {range}.": "{value} 不在范围 {range} 内。",
    "{value!r} is not a valid UUID.": "{value!r} 不是有效的编号。",
    "{value!r} is not {choice}.": "{value!r} 不是 {choice}。",
    "{value!r} is not one of {choices}.": "{value!r} 不在可选之列：{choices}。",
    "{value!r} does not match the format {format}.": "{value!r} 的日期写法不对，应为 {format}。",
    "{value!r} does not match the formats {formats}.": "{value!r} 的日期写法不对，应为 {formats} 之一。",
    "Do you want to continue?": "继续吗？",
    "Error: invalid input": "请输入 y 或 n",
    "Repeat for confirmation": "再输一遍",
    "Error: The two entered values do not match.": "两次输入不一致。",
    "Aborted!": "已中止。",
    "default: {default}": "默认：{default}",
    "required": "必填",
    "env var: {var}": "环境变量：{var}",
    "(dynamic)": "（自动）",
    "; ": "；",
}

MODULES: Final = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")

# Windows says of a file that Word or Excel holds open what others say of a missing right.
_DENIED: Final = "没有权限，或者正被其他程序打开" if os.name == "nt" else "没有权限"
OS_ERRORS: Final = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: _DENIED,
    errno.EPERM: "没有权限",
    errno.EEXIST: "已经存在",
    errno.EISDIR: "是文件夹，不是文件",
    errno.ENOTDIR: "不是文件夹",
    errno.ENOSPC: "磁盘已满",
    errno.EROFS: "所在磁盘只读",
}


def file_name(text: str) -> str:
    """A name that every system takes for a file: Windows knows more forbidden characters than others."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", text).strip(" .") or "_"


def width(text: str) -> int:
    """How many columns a text takes on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def translate(text: str) -> str:
    """The Chinese for a sentence of click; itself where there is none."""
    return WORDS.get(text, text)


def translate_number(singular: str, plural: str, number: int) -> str:
    """As `translate`; Chinese has one form for both."""
    return WORDS.get(plural, WORDS.get(singular, singular if number == 1 else plural))


def complete(error: click.ClickException) -> None:
    """Put a Chinese full stop where click writes its own, outside the sentences that it translates."""
    if isinstance(error, click.MissingParameter):
        text = error.format_message().rstrip(".")
        error.format_message = lambda: f"{text}。"  # type: ignore[method-assign]


def speak_chinese() -> None:
    """Let click speak Chinese whatever the machine's language.

    click asks gettext, which would want compiled catalogues on disk and a locale that a Windows
    console does not have; its modules each hold the function under the name `_`.
    """
    for name in MODULES:
        module = importlib.import_module(f"click.{name}")
        if hasattr(module, "_"):
            module._ = translate  # type: ignore[attr-defined]
        if hasattr(module, "ngettext"):
            module.ngettext = translate_number  # type: ignore[attr-defined]
        if hasattr(module, "term_len"):
            module.term_len = width  # type: ignore[attr-defined]


def prepare_output() -> None:
    """Chinese must come out whole: a console or pipe that cannot carry it gets UTF-8.

    A pipe of Chinese Windows (GBK) can, and whoever reads it there takes it for GBK.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        try:
            "支部—→×".encode(stream.encoding)
            stream.reconfigure(errors="replace")
        except (LookupError, UnicodeEncodeError):
            stream.reconfigure(encoding="utf-8", errors="replace")
