"""Addresses of 任务 (tasks and assignments)."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from zhibu.people.roles import Verb
from zhibu.web.routes import SIGNED_IN
from zhibu.web.views import assignments, tasks

_TASK = "t/<uuid:pk>/"
_ASSIGNMENT = "assignments/<uuid:pk>/"

urlpatterns: list[URLPattern] = [
    path("tasks/", tasks.mine, name="task-mine"),
    path("o/<uuid:pk>/tasks/", tasks.index, name="task-list"),
    path(_TASK, tasks.show, name="task"),
    path(f"{_TASK}report/", tasks.report, name="task-report"),
    path(f"{_TASK}edit/", tasks.edit, name="task-edit"),
    path(f"{_TASK}close/", tasks.close, name="task-close"),
    path(f"{_TASK}drop/", tasks.drop, name="task-drop"),
    path(f"{_TASK}reopen/", tasks.reopen, name="task-reopen"),
    path("o/<uuid:pk>/assignments/", assignments.index, name="assignment-list"),
    path("o/<uuid:pk>/assignments/new/", assignments.new, name="assignment-new"),
    path(_ASSIGNMENT, assignments.show, name="assignment"),
    path(f"{_ASSIGNMENT}withdraw/", assignments.withdraw, name="assignment-withdraw"),
    path(f"{_ASSIGNMENT}remind/", assignments.remind, name="assignment-remind"),
]

RIGHTS: Final[dict[str, Verb | str]] = {
    "task-mine": SIGNED_IN,
    "task-list": Verb.SEE_BRANCH,
    "task": Verb.SEE_BRANCH,
    "task-report": SIGNED_IN,  # the owner alone
    "task-edit": Verb.KEEP_TASK,
    "task-close": Verb.KEEP_TASK,
    "task-drop": Verb.KEEP_TASK,
    "task-reopen": Verb.KEEP_TASK,
    "assignment-list": Verb.ASSIGN_TASK,
    "assignment-new": Verb.ASSIGN_TASK,
    "assignment": Verb.ASSIGN_TASK,
    "assignment-withdraw": Verb.ASSIGN_TASK,
    "assignment-remind": Verb.ASSIGN_TASK,
}
