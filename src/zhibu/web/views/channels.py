"""Where and when one is told outside the system; the chat robots of an organisation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from zhibu.network.notices import channels
from zhibu.network.notices.models import Channel
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.roles import Verb
from zhibu.web import access, clock
from zhibu.web.answers import see_other
from zhibu.web.forms.notices import ChannelForm, CodeForm, HoursForm, MailForm, RobotForm
from zhibu.web.once import once
from zhibu.web.pages.forms import Crumb, FormPage
from zhibu.web.pages.notices import build_robots, build_settings
from zhibu.web.pages.organizations import crumbs_to


def show(request: HttpRequest) -> HttpResponse:
    """通知设置: mail, robots and hours of one's own."""
    return _settings(request)


@require_POST
def set_mail(request: HttpRequest) -> HttpResponse:
    """A mail address; a code goes there."""
    form = MailForm(request.POST)
    if not settings.MAIL_IS_SET:
        form.add_error("address", "系统管理员还没有设置邮件服务器，暂时不能发邮件。")
    elif form.is_valid():
        address = form.cleaned_data["address"]
        try:
            channels.set_mail(by=access.person_of(request), address=address, at=clock.now())
        except Refused as refusal:
            form.add_error("address", str(refusal))
        else:
            messages.success(request, "验证码正在发往这个邮箱，请收到后填写。")
            return see_other("notice-settings")
    return _settings(request, mail_form=form)


@require_POST
def verify_mail(request: HttpRequest) -> HttpResponse:
    """The code that came."""
    form = CodeForm(request.POST)
    if form.is_valid():
        code = form.cleaned_data["code"]
        try:
            if channels.verify_mail(by=access.person_of(request), code=code, at=clock.now()):
                messages.success(request, "邮箱已经验证，以后通知也会发到这里。")
                return see_other("notice-settings")
            form.add_error("code", "验证码不对，请核对邮件中的6位数字。")
        except Refused as refusal:
            form.add_error("code", str(refusal))
    return _settings(request, code_form=form)


@require_POST
def set_hours(request: HttpRequest) -> HttpResponse:
    """When to be told."""
    form = HoursForm(request.POST)
    if form.is_valid():
        try:
            channels.set_hours(by=access.person_of(request), hours=form.hours, at=clock.now())
        except Refused as refusal:
            form.add_error("digest", str(refusal))
        else:
            messages.success(request, "接收时间已保存。")
            return see_other("notice-settings")
    return _settings(request, hours_form=form)


def _settings(request: HttpRequest, **forms: Any) -> HttpResponse:
    page = build_settings(request, **forms)
    status = 422 if forms else 200
    return render(request, _part(request, "settings.html#channels"), {"page": page}, status=status)


def _part(request: HttpRequest, name: str) -> str:
    """The page, or its part with the states, which asks again while something is being sent."""
    is_part = request.htmx and request.method == "GET"  # type: ignore[attr-defined]
    return f"web/notices/{name if is_part else name.partition('#')[0]}"


def robots(request: HttpRequest, pk: UUID) -> HttpResponse:
    """群机器人 of an organisation."""
    organization = access.get_organization(request, pk, Verb.KEEP_CHANNELS)
    page = build_robots(organization, crumbs_to(organization, access.reach(request)))
    return render(request, _part(request, "robots.html#rows"), {"page": page})


@once
def add_robot(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One more, of an organisation."""
    organization = access.get_organization(request, pk, Verb.KEEP_CHANNELS)
    return _add(request, organization)


@once
def add_own(request: HttpRequest) -> HttpResponse:
    """One more, of one's own."""
    return _add(request, None)


def _add(request: HttpRequest, organization: Organization | None) -> HttpResponse:
    form = RobotForm(request.POST or None, of_organization=organization is not None)
    if request.method == "POST" and form.is_valid():
        try:
            channels.add_robot(
                organization=organization, by=access.person_of(request), at=clock.now(),
                **form.values(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error("address", str(refusal))
        else:
            messages.success(request, "已保存。请点“发一条试试”，看群里能不能收到。")
            return _back(organization)
    title = "添加群机器人" if organization else "添加机器人"
    return _ask(request, form, organization, title=title, submit="保存")


def change_robot(request: HttpRequest, pk: UUID) -> HttpResponse:
    """On or off, and what goes through it."""
    return _change(request, _robot(request, pk))


def change_own(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same of one's own."""
    return _change(request, _own(request, pk))


def _change(request: HttpRequest, channel: Channel) -> HttpResponse:
    form = ChannelForm.of(channel)
    if request.method == "POST":
        form = ChannelForm(request.POST, of_organization=channel.organization_id is not None)
    if form.is_bound and form.is_valid():
        channels.change_channel(
            channel=channel, by=access.person_of(request), at=clock.now(), **form.cleaned_data
        )
        messages.success(request, "已保存。")
        return _back(channel.organization)
    title = f"设置{channel.get_tool_display()}"
    return _ask(request, form, channel.organization, title=title, submit="保存")


@require_POST
def try_robot(request: HttpRequest, pk: UUID) -> HttpResponse:
    """发一条试试."""
    return _try(request, _robot(request, pk))


@require_POST
def try_own(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same of one's own."""
    return _try(request, _own(request, pk))


def _try(request: HttpRequest, channel: Channel) -> HttpResponse:
    try:
        channels.try_channel(channel=channel, by=access.person_of(request), at=clock.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "正在发送，结果稍后显示在下面。")
    return _back(channel.organization)


def remove_robot(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take one away."""
    return _remove(request, _robot(request, pk))


def remove_own(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same of one's own."""
    return _remove(request, _own(request, pk))


def _remove(request: HttpRequest, channel: Channel) -> HttpResponse:
    if request.method == "POST":
        channels.remove_channel(channel=channel, by=access.person_of(request), at=clock.now())
        messages.success(request, "已删除，以后不再往那里发。")
        return _back(channel.organization)
    return _ask(
        request, Form(), channel.organization, title=f"删除{channel.get_tool_display()}",
        submit="删除", intro="删除后不再往那里发通知，还没有发出的也不再发。",
    )  # fmt: skip


def _robot(request: HttpRequest, pk: UUID) -> Channel:
    of_organizations = Channel.objects.filter(organization__isnull=False).select_related(
        "organization"
    )
    return access.get_visible(
        request, of_organizations, Verb.KEEP_CHANNELS, prefix="organization__", pk=pk
    )


def _own(request: HttpRequest, pk: UUID) -> Channel:
    return get_object_or_404(Channel, person=access.person_of(request), pk=pk)


def _back(organization: Organization | None) -> HttpResponse:
    if organization is None:
        return see_other("notice-settings")
    return see_other("robots", organization.pk)


def _ask(
    request: HttpRequest, form: Form, organization: Organization | None, **words: Any
) -> HttpResponse:
    back = reverse("robots", args=[organization.pk]) if organization else reverse("notice-settings")
    crumbs: tuple[Crumb, ...] = (Crumb("通知设置", back),)
    if organization is not None:
        crumbs = (*crumbs_to(organization, access.reach(request)), Crumb("群机器人", back))
    page = FormPage(form=form, back=back, crumbs=crumbs, **words)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "web/form.html", {"page": page}, status=status)
