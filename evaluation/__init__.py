"""Evaluation: metrics over plain data, and the check of citations."""

from .citations import is_supported, marks_in
from .metrics import (
    CurvePoint,
    answer_containment,
    area_under_curve,
    contains_answer,
    declined_answered_curve,
    mean_reciprocal_rank,
    rates_at,
    recall_at_k,
    reciprocal_rank,
    threshold_for,
    tool_call_accuracy,
)

__all__ = [
    "CurvePoint",
    "answer_containment",
    "area_under_curve",
    "contains_answer",
    "declined_answered_curve",
    "is_supported",
    "marks_in",
    "mean_reciprocal_rank",
    "rates_at",
    "recall_at_k",
    "reciprocal_rank",
    "threshold_for",
    "tool_call_accuracy",
]
