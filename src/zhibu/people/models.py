"""Accounts."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from zhibu.people.keys import new_key


class PersonManager(BaseUserManager["Person"]):
    """Finds people by their user name."""


class Person(AbstractBaseUser):
    """One account. Whether it belongs to a member of the roster is said there."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    username = models.CharField("用户名", max_length=64, unique=True)
    name = models.CharField("姓名", max_length=200)
    is_active = models.BooleanField("启用", default=True)
    is_demonstration = models.BooleanField("演示账号", default=False)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = "账号"
        verbose_name_plural = "账号"

    def __str__(self) -> str:
        return self.name
