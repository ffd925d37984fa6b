"""Addresses of 反映 (feedback)."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import SIGNED_IN
from zhibu.web.views import feedback, feedback_cases, feedback_desk

urlpatterns: list[URLPattern] = [
    path("feedback/", feedback.mine, name="feedback-mine"),
    path("feedback/new/", feedback.new, name="feedback-new"),
    path("feedback/code/", feedback.code, name="feedback-code"),
    path("feedback/improvements/", feedback.improvements, name="feedback-improvements"),
    path("feedback/mine/<uuid:pk>/", feedback.one, name="feedback-one"),
    path("o/<uuid:pk>/feedback/", feedback_desk.desk, name="feedback-desk"),
    path("o/<uuid:pk>/feedback/waiting/", feedback_desk.waiting, name="feedback-waiting"),
    path("cases/<uuid:pk>/", feedback_cases.show, name="feedback-case"),
    path("cases/<uuid:pk>/take/", feedback_desk.take, name="feedback-take"),
    path("cases/<uuid:pk>/accept/", feedback_cases.accept, name="feedback-accept"),
    path("cases/<uuid:pk>/summary/", feedback_cases.summarize, name="feedback-summarize"),
    path("cases/<uuid:pk>/join/", feedback_cases.join, name="feedback-join"),
    path("cases/<uuid:pk>/split/", feedback_cases.split, name="feedback-split"),
    path("cases/<uuid:pk>/move/", feedback_cases.move, name="feedback-move"),
    path("cases/<uuid:pk>/up/", feedback_cases.up, name="feedback-up"),
    path("cases/<uuid:pk>/answer/", feedback_cases.answer, name="feedback-answer"),
    path("cases/<uuid:pk>/refuse/", feedback_cases.refuse, name="feedback-refuse"),
    path("cases/<uuid:pk>/close/", feedback_cases.close, name="feedback-close"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "feedback-mine": SIGNED_IN,
    "feedback-new": SIGNED_IN,
    "feedback-code": SIGNED_IN,
    "feedback-improvements": SIGNED_IN,
    "feedback-one": SIGNED_IN,
    "feedback-desk": Verb.ANSWER_FEEDBACK,
    "feedback-waiting": Verb.SEE_OVERVIEW,
    "feedback-case": Verb.ANSWER_FEEDBACK,
    "feedback-take": Verb.ANSWER_FEEDBACK,
    "feedback-accept": Verb.ANSWER_FEEDBACK,
    "feedback-summarize": Verb.ANSWER_FEEDBACK,
    "feedback-join": Verb.ANSWER_FEEDBACK,
    "feedback-split": Verb.ANSWER_FEEDBACK,
    "feedback-move": Verb.ANSWER_FEEDBACK,
    "feedback-up": Verb.ANSWER_FEEDBACK,
    "feedback-answer": Verb.ANSWER_FEEDBACK,
    "feedback-refuse": Verb.ANSWER_FEEDBACK,
    "feedback-close": Verb.ANSWER_FEEDBACK,
}
