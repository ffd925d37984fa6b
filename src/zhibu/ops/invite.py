"""`zhibu invite`: a slip from the machine itself, when nobody is left who could give one on a page."""

from __future__ import annotations

import click
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from zhibu.org.accounts import invite_person, unlock_person
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.web import clock


@click.command()
@click.argument("username", metavar="用户名")
@click.option("--without-factors", is_flag=True, help="同时解除第二重验证（手机遗失、更换时）")
def invite(*, username: str, without_factors: bool) -> int:
    """给一个账号发邀请。

    平时由系统管理员在“账号”页面办理；只剩一位系统管理员而其忘记密码、遗失手机时，在服务器上执行。
    原密码和全部登录立即失效，登录锁定随之解除，由本人打开所显示的网址重新设定密码。记入台账。
    """
    person = Person.objects.filter(username__iexact=username).first()
    if person is None:
        raise click.ClickException(f"没有用户名为“{username}”的账号。")
    at = clock.now()
    try:
        slip = invite_person(person=person, by=None, at=at, without_factors=without_factors)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    unlock_person(person=person, by=None, at=at)
    origin = next(iter(settings.CSRF_TRUSTED_ORIGINS), "http://127.0.0.1:8000").rstrip("/")
    ends = timezone.localtime(slip.expires_at)
    click.echo(
        f"{person.name}（{person.username}）的邀请，只显示这一次，{ends:%Y-%m-%d %H:%M} 前有效："
    )
    click.echo(f"  网址：{origin}{reverse('invitation', args=(slip.token,))}")
    click.echo(f"  邀请码：{slip.token}（在登录页点“使用邀请码”输入）")
    return 0
