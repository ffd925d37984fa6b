"""What is answered to a request that cannot be read at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string

_OTHER: Final = "浏览器发来的内容无法识别。请返回上一页，刷新后再试。"
_REASONS: Final[Mapping[type[BaseException], str]] = {
    RequestDataTooBig: "一次提交的文字过多，没有保存。请返回上一页，删减文字，或把长篇材料作为附件上传。",
    TooManyFieldsSent: "一次提交的项目过多，没有保存。请返回上一页，分几次提交。",
    MultiPartParserError: "上传的内容不完整，没有保存。请返回上一页，重新选择文件后再试。",
    DisallowedHost: (
        "请使用本单位公布的网址打开本系统。网址无误仍见到本页的，请告诉系统管理员：所用的域名或 IP "
        "地址须写入 ZHIBU_HOSTS。"
    ),
}


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Says what could not be read. Without the frame, which would ask for host and session again."""
    reason = next((_REASONS[kind] for kind in type(exception).__mro__ if kind in _REASONS), _OTHER)
    return HttpResponse(render_to_string("web/refused.html", {"reason": reason}), status=400)
