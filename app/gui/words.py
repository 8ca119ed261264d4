"""Figures and times in words, in the user's language: every number the window shows. Knows no widget."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import QDateTime, QLocale

from app.core.chat_views import Figures
from app.core.views import MachinePhase, StatusView

DOT = "  ·  "


def number(value: int) -> str:
    """1306 as "1,306", "1.306", "1 306"."""
    return QLocale().toString(value)


def decimal(value: float, digits: int = 1) -> str:
    """With the user's decimal sign."""
    return QLocale().toString(float(value), "f", digits)


def percent(fraction: float) -> str:
    """ "43 %"; never 100 before it is so."""
    return f"{min(100, int(fraction * 100))} %"


def seconds(value: float) -> str:
    """A short time: "0.16 s", "2.1 s", "43 s"."""
    return f"{decimal(value, 2 if value < 1 else 1 if value < 10 else 0)} s"


def rate(tokens_per_second: float) -> str:
    """ "84 tok/s"; one decimal where it is slow."""
    return f"{decimal(tokens_per_second, 0 if tokens_per_second >= 10 else 1)} tok/s"


def size(n_bytes: int) -> str:
    """ "92 MB", "4.1 GB"."""
    if n_bytes >= 1_000_000_000:
        return f"{decimal(n_bytes / 1e9)} GB"
    return f"{number(max(1, round(n_bytes / 1e6)))} MB"


def plural(count: int, one: str, many: str) -> str:
    """ "1 token", "212 tokens"."""
    return f"{number(count)} {one if count == 1 else many}"


def figures(value: Figures) -> str:
    """The line under a reply, TTFT first."""
    parts = [f"TTFT {seconds(value.ttft_seconds)}"]
    if value.tokens_per_second > 0:
        parts.append(rate(value.tokens_per_second))
    parts.append(plural(value.output_tokens, "token", "tokens"))
    if value.prompt_tokens:
        parts.append(f"{number(value.cached_tokens)} of {number(value.prompt_tokens)} cached")
    if value.reread_reason:
        parts.append("read again")
    if value.dropped_messages:
        parts.append(f"without the oldest {plural(value.dropped_messages, 'message', 'messages')}")
    return DOT.join(parts)


def figures_explained(value: Figures) -> str:
    """What the line means, for its tooltip."""
    reread = f"\n{value.reread_reason}" if value.reread_reason else ""
    dropped = (
        f"\nThe chat no longer fits the context, so its oldest {plural(value.dropped_messages, 'message', 'messages')} "
        "were left out of what the model saw. They are still here."
        if value.dropped_messages
        else ""
    )
    return (
        f"The first word came {seconds(value.ttft_seconds)} after Enter.\n"
        f"{plural(value.output_tokens, 'token', 'tokens')} were written, "
        f"{rate(value.tokens_per_second)} after the first.\n"
        f"Of {number(value.prompt_tokens)} tokens that the model had to know, "
        f"{number(value.cached_tokens)} were still in memory.{reread}{dropped}"
    )


def time_left(value: float) -> str:
    """ "about 38 min left"; never more precise than an estimate can be."""
    if value < 60:
        return "less than a minute left"
    minutes = round(value / 60)
    if minutes < 90:
        return f"about {minutes} min left"
    return f"about {decimal(value / 3600)} h left"


def is_moving(status: StatusView) -> bool:
    """Whether jobs have a speed now: while only a chat is worked on, the one they had is an old one."""
    return status.bulk_tokens_per_second > 0 and status.phase not in (MachinePhase.BULK_PARKED, MachinePhase.CHAT)


def last_turn(status: StatusView) -> str:
    """ "TTFT 0.16 s · 84 tok/s" of the last chat turn; nothing before the first."""
    parts = []
    if status.last_ttft_seconds is not None:
        parts.append(f"TTFT {seconds(status.last_ttft_seconds)}")
    if status.last_tokens_per_second:
        parts.append(rate(status.last_tokens_per_second))
    return DOT.join(parts)


def machine(status: StatusView) -> str:
    """The right end of the status bar."""
    parts = []
    if status.jobs_total:
        parked = ", paused for chat" if status.phase is MachinePhase.BULK_PARKED else ""
        parts.append(f"Jobs {number(status.jobs_done)}/{number(status.jobs_total)}{parked}")
    if is_moving(status):
        parts.append(f"jobs at {rate(status.bulk_tokens_per_second)}")
    if status.kv_used_fraction > 0 or status.n_threads:
        parts.append(f"KV {percent(status.kv_used_fraction)}")
    if status.n_threads:
        parts.append(plural(status.n_threads, "thread", "threads"))
    return DOT.join(parts)


def group(updated_seconds: float, now: datetime) -> str:
    """Today, This week or Older: where a chat stands in the sidebar."""
    day = datetime.fromtimestamp(updated_seconds).date()
    if day >= now.date():
        return "Today"
    return "This week" if day > now.date() - timedelta(days=7) else "Older"


def when(updated_seconds: float, now: datetime) -> str:
    """A time today, a weekday this week, else a date, in the user's language."""
    moment = QDateTime.fromSecsSinceEpoch(int(updated_seconds))
    match group(updated_seconds, now):
        case "Today":
            return QLocale().toString(moment.time(), QLocale.FormatType.ShortFormat)
        case "This week":
            return QLocale().standaloneDayName(moment.date().dayOfWeek())
    return QLocale().toString(moment.date(), "d MMM" if moment.date().year() == now.year else "d MMM yyyy")
