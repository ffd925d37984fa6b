"""Questions that every page asks: Django puts their SQL together once in a process, not each time.

Putting a query together takes Django longer than PostgreSQL takes to answer it. Only the text is
kept, never an answer: what is asked is asked of the database each time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)


class Given(Expression):
    """The place of a value that is named when the question is asked."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=Field())
        self.name = name

    def as_sql(
        self,
        compiler: SQLCompiler,  # noqa: ARG002 - Django's signature
        connection: BaseDatabaseWrapper,  # noqa: ARG002 - Django's signature
    ) -> tuple[str, tuple[Any, ...]]:
        """A placeholder; itself stands for the value until there is one."""
        return "%s", (self,)


class GivenMany(Given):
    """The same for the values of `in`, however many there are (one at least)."""

    def as_sql(
        self,
        compiler: SQLCompiler,  # noqa: ARG002 - Django's signature
        connection: BaseDatabaseWrapper,  # noqa: ARG002 - Django's signature
    ) -> tuple[str, tuple[Any, ...]]:
        """A mark that becomes as many placeholders as there are values."""
        return f"({self.mark})", (self,)

    @property
    def mark(self) -> str:
        """Nothing that SQL could contain by itself."""
        return f"\0{self.name}\0"


@dataclass(frozen=True, slots=True)
class _Text:
    """What Django has put together."""

    sql: str
    values: tuple[Any, ...]  # a `Given` where one is named when it is asked
    converters: tuple[tuple[int, Sequence[Callable[..., Any]], Any], ...]
    model: type[Model]
    fields: tuple[str, ...]


class Prepared(Generic[M]):
    """A query of fixed shape, whose values are named with `Given` and come with each asking."""

    def __init__(self, build: Callable[[], QuerySet[M, Any]]) -> None:
        self._build = build
        self._texts: dict[str, _Text] = {}  # by kind of database

    def rows(self, **values: object) -> list[Sequence[Any]]:
        """The answer, row by row, each value as its field gives it."""
        connection = connections[DEFAULT_DB_ALIAS]
        return _ask(connection, self._text(connection), values)

    def objects(self, **values: object) -> list[M]:
        """The answer as rows of the model: for a query that selects its fields and nothing more."""
        connection = connections[DEFAULT_DB_ALIAS]
        text = self._text(connection)
        found = _ask(connection, text, values)
        model = cast(type[M], text.model)  # of the query that was built
        return [model.from_db(DEFAULT_DB_ALIAS, text.fields, row) for row in found]

    def _text(self, connection: BaseDatabaseWrapper) -> _Text:
        known = self._texts.get(connection.vendor)
        if known is None:
            known = self._texts[connection.vendor] = _put_together(self._build(), connection)
        return known


def _put_together(query: QuerySet[Any, Any], connection: BaseDatabaseWrapper) -> _Text:
    compiler = query.query.get_compiler(connection=connection)
    sql, values = compiler.as_sql()
    selected = [expression for expression, *_ in compiler.select]
    converters = compiler.get_converters(selected)
    return _Text(
        sql,
        tuple(values),
        tuple((at, tuple(each), expression) for at, (each, expression) in converters.items()),
        query.model,
        tuple(field.attname for field in query.model._meta.concrete_fields),
    )


def _ask(
    connection: BaseDatabaseWrapper, text: _Text, values: Mapping[str, object]
) -> list[Sequence[Any]]:
    sql, bound = text.sql, list[Any]()
    for value in text.values:
        if isinstance(value, GivenMany):
            many = cast(Collection[object], values[value.name])
            sql = sql.replace(value.mark, ", ".join(["%s"] * len(many)))
            bound += [_adapt(each, connection) for each in many]
        else:
            given = values[value.name] if isinstance(value, Given) else value
            bound.append(_adapt(given, connection))
    with connection.cursor() as cursor:
        cursor.execute(sql, bound)
        found: list[Any] = cursor.fetchall()
    if not text.converters:
        return found
    found = [list(row) for row in found]
    for at, converters, expression in text.converters:
        for row in found:
            for convert in converters:
                row[at] = convert(row[at], expression, connection)
    return found


def _adapt(value: object, connection: BaseDatabaseWrapper) -> object:
    """As this database keeps it."""
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    return value
