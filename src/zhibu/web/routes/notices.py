"""Addresses of 通知: what one is told, and where and when outside the system."""

from __future__ import annotations

from typing import Final

from django.urls import path

from zhibu.people.roles import Verb
from zhibu.web.routes import SIGNED_IN
from zhibu.web.views import channels, notices

urlpatterns = [
    path("notices/", notices.index, name="notice-list"),
    path("notices/count/", notices.count, name="notice-count"),
    path("notices/read/", notices.read_all, name="notice-read-all"),
    path("notices/<uuid:pk>/", notices.open_one, name="notice"),
    path("notices/settings/", channels.show, name="notice-settings"),
    path("notices/settings/mail/", channels.set_mail, name="notice-mail"),
    path("notices/settings/code/", channels.verify_mail, name="notice-code"),
    path("notices/settings/hours/", channels.set_hours, name="notice-hours"),
    path("notices/settings/add/", channels.add_own, name="channel-add"),
    path("notices/channels/<uuid:pk>/", channels.change_own, name="channel"),
    path("notices/channels/<uuid:pk>/try/", channels.try_own, name="channel-try"),
    path("notices/channels/<uuid:pk>/remove/", channels.remove_own, name="channel-remove"),
    path("o/<uuid:pk>/robots/", channels.robots, name="robots"),
    path("o/<uuid:pk>/robots/add/", channels.add_robot, name="robot-add"),
    path("robots/<uuid:pk>/", channels.change_robot, name="robot"),
    path("robots/<uuid:pk>/try/", channels.try_robot, name="robot-try"),
    path("robots/<uuid:pk>/remove/", channels.remove_robot, name="robot-remove"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "notice-list": SIGNED_IN,
    "notice-count": SIGNED_IN,
    "notice-read-all": SIGNED_IN,
    "notice": SIGNED_IN,
    "notice-settings": SIGNED_IN,
    "notice-mail": SIGNED_IN,
    "notice-code": SIGNED_IN,
    "notice-hours": SIGNED_IN,
    "channel-add": SIGNED_IN,
    "channel": SIGNED_IN,
    "channel-try": SIGNED_IN,
    "channel-remove": SIGNED_IN,
    "robots": Verb.KEEP_CHANNELS,
    "robot-add": Verb.KEEP_CHANNELS,
    "robot": Verb.KEEP_CHANNELS,
    "robot-try": Verb.KEEP_CHANNELS,
    "robot-remove": Verb.KEEP_CHANNELS,
}
