"""Verbs of 反映: send and ask again; accept, refuse, answer, close, move, take, send up, join, split."""

from zhibu.network.feedback.services.daily import tell_of_arrivals
from zhibu.network.feedback.services.handling import (
    accept_case,
    answer_case,
    close_case,
    move_case,
    refuse_case,
    send_up,
    summarize_case,
    take_case,
)
from zhibu.network.feedback.services.holding import FeedbackRefused
from zhibu.network.feedback.services.joining import join_cases, split_case
from zhibu.network.feedback.services.sending import (
    Place,
    Sent,
    offered,
    reopen_case,
    send_feedback,
)

__all__ = [
    "FeedbackRefused",
    "Place",
    "Sent",
    "accept_case",
    "answer_case",
    "close_case",
    "join_cases",
    "move_case",
    "offered",
    "refuse_case",
    "reopen_case",
    "send_feedback",
    "send_up",
    "split_case",
    "summarize_case",
    "take_case",
    "tell_of_arrivals",
]
