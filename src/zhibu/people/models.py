"""Accounts, their past passwords, the invitations by which people get in, and forms sent lately."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

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
    must_set_password = models.BooleanField("须先改密码", default=False)
    password_set_at = models.DateTimeField("设定密码时间", null=True, blank=True)
    session_round = models.PositiveIntegerField(default=0)  # one more ends all sessions
    recovered_at = models.DateTimeField("被重置时间", null=True, blank=True)  # until told so

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = "账号"
        verbose_name_plural = "账号"

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry: it ends with the password, and with the round of sessions."""
        return salted_hmac(
            "zhibu.people.models.Person.session",
            f"{self.session_round}:{self.password}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class PastPassword(models.Model):
    """A password that a person had, encoded; the last few must not come back."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="past_passwords")
    encoded = models.CharField(max_length=128)
    set_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "-set_at"], name="past_password_person")]


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Reads of invitations."""

    def waiting(self) -> InvitationQuerySet:
        """Neither used nor withdrawn; whether they have run out is not asked."""
        return self.filter(used_at__isnull=True, withdrawn_at__isnull=True)


class Invitation(models.Model):
    """邀请: a one-time way for one person to set their password. Only a digest of its secret is kept."""

    id = models.UUIDField(primary_key=True, default=new_key, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField("有效期至")
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[InvitationQuerySet] = InvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(used_at__isnull=True, withdrawn_at__isnull=True),
                name="invitation_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="invitation_runs_out_later"
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="invitation_used_or_withdrawn",
            ),
        ]


class SentForm(models.Model):
    """A form that was sent and done, so that the same one is not done twice."""

    digest = models.CharField(primary_key=True, max_length=64)
    led_to = models.TextField(default="/")
    sent_at = models.DateTimeField(db_index=True)
