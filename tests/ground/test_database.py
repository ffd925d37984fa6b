"""The database of the tests is the one that was asked for, and as strict as in use."""

from __future__ import annotations

import threading

import pytest
from django.db import connection


@pytest.mark.django_db
def test_database_is_the_one_asked_for(request: pytest.FixtureRequest) -> None:
    """`--database postgresql` really tests on PostgreSQL."""
    assert connection.vendor == request.config.getoption("--database")


@pytest.mark.django_db(transaction=True)
def test_another_thread_sees_what_was_written() -> None:
    """Threads have connections of their own and share the data, as they do in use."""
    from zhibu.people.models import Person

    Person.objects.create(username="zhang", name="张三")
    seen: list[int] = []

    def count() -> None:
        seen.append(Person.objects.count())
        connection.close()

    thread = threading.Thread(target=count)
    thread.start()
    thread.join()
    assert seen == [1]
