"""Figures and times in words, in the user's language: every number the window shows. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QDateTime, QLocale

from app.core.chat_views import AttachmentView, Figures
from app.core.views import MachinePhase, StatusView
from app.gui.core_words import retold
from app.gui.tongue import apart, mark, tr, trn

DOT = "  ·  "


def number(value: int) -> str:
    """1306 as "1,306", "1.306", "1 306"."""
    return QLocale().toString(value)


def decimal(value: float, digits: int = 1) -> str:
    """With the user's decimal sign."""
    return QLocale().toString(float(value), "f", digits)


def percent(fraction: float) -> str:
    """ "43 %"; never 100 before it is so."""
    return tr("{number} %", number=number(min(100, int(fraction * 100))))


def percent_of(factor: float) -> str:
    """ "150 %": of a size, or more than all of something."""
    return tr("{number} %", number=number(round(factor * 100)))


def seconds(value: float) -> str:
    """A short time: "0.16 s", "2.1 s", "43 s"."""
    return tr("{number} s", number=decimal(value, 2 if value < 1 else 1 if value < 10 else 0))


def rate(tokens_per_second: float) -> str:
    """ "84 tok/s"; one decimal where it is slow."""
    return tr("{number} tok/s", number=decimal(tokens_per_second, 0 if tokens_per_second >= 10 else 1))


def size(n_bytes: int) -> str:
    """ "92 MB", "4.1 GB"."""
    if n_bytes >= 1_000_000_000:
        return tr("{number} GB", number=decimal(n_bytes / 1e9))
    return tr("{number} MB", number=number(max(1, round(n_bytes / 1e6))))


def tokens(count: int) -> str:
    """ "1 token", "212 tokens"."""
    return trn("{count} token", "{count} tokens", count)


def documents(count: int) -> str:
    """ "1 document", "40 documents"."""
    return trn("{count} document", "{count} documents", count)


def documents_of_chat(documents: Sequence[AttachmentView]) -> str:
    """ "lease.pdf · 48 pages in this chat", "3 documents in this chat"; nothing where there is none."""
    if not documents:
        return ""
    if len(documents) > 1:
        return trn("{count} document in this chat", "{count} documents in this chat", len(documents))
    only = documents[0]
    if not only.n_pages:
        return tr("{name} in this chat", name=apart(only.name))
    pages = trn("{count} page in this chat", "{count} pages in this chat", only.n_pages)
    return DOT.join((apart(only.name), pages))


def figures(value: Figures) -> str:
    """The line under a reply, TTFT first."""
    parts = [tr("TTFT {time}", time=seconds(value.ttft_seconds))]
    if value.tokens_per_second > 0:
        parts.append(rate(value.tokens_per_second))
    parts.append(tokens(value.output_tokens))
    if value.prompt_tokens:
        parts.append(
            tr("{cached} of {total} cached", cached=number(value.cached_tokens), total=number(value.prompt_tokens))
        )
    if value.reread_reason:
        parts.append(tr("read again"))
    if value.dropped_messages:
        parts.append(
            trn("without the oldest {count} message", "without the oldest {count} messages", value.dropped_messages)
        )
    return DOT.join(parts)


def figures_explained(value: Figures) -> str:
    """What the line means, for its tooltip."""
    lines = [
        tr("The first word came {time} after Enter.", time=seconds(value.ttft_seconds)),
        trn(
            "{count} token was written, {rate} after the first.",
            "{count} tokens were written, {rate} after the first.",
            value.output_tokens,
            rate=rate(value.tokens_per_second),
        ),
        tr(
            "Of {total} tokens that the model had to know, {cached} were still in memory.",
            total=number(value.prompt_tokens),
            cached=number(value.cached_tokens),
        ),
    ]
    if value.reread_reason:
        lines.append(retold(value.reread_reason))
    if value.dropped_messages:
        lines.append(
            trn(
                "The chat no longer fits the context, so its oldest {count} message was left out of what the model "
                "saw. It is still here.",
                "The chat no longer fits the context, so its oldest {count} messages were left out of what the model "
                "saw. They are still here.",
                value.dropped_messages,
            )
        )
    return "\n".join(lines)


def time_left(value: float) -> str:
    """ "about 38 min left"; never more precise than an estimate can be."""
    if value < 60:
        return tr("less than a minute left")
    minutes = round(value / 60)
    if minutes < 90:
        return tr("about {number} min left", number=number(minutes))
    return tr("about {number} h left", number=decimal(value / 3600))


def is_moving(status: StatusView) -> bool:
    """Whether jobs have a speed now: while only a chat is worked on, the one they had is an old one."""
    return status.bulk_tokens_per_second > 0 and status.phase not in (MachinePhase.BULK_PARKED, MachinePhase.CHAT)


def last_turn(status: StatusView) -> str:
    """ "TTFT 0.16 s · 84 tok/s" of the last chat turn; nothing before the first."""
    parts = []
    if status.last_ttft_seconds is not None:
        parts.append(tr("TTFT {time}", time=seconds(status.last_ttft_seconds)))
    if status.last_tokens_per_second:
        parts.append(rate(status.last_tokens_per_second))
    return DOT.join(parts)


def machine(status: StatusView) -> str:
    """The right end of the status bar."""
    return DOT.join(machine_parts(status))


def jobs(status: StatusView) -> str:
    """ "Jobs 34/120"; nothing where there are none."""
    if not status.jobs_total:
        return ""
    return tr("Jobs {done}/{total}", done=number(status.jobs_done), total=number(status.jobs_total))


def machine_parts(status: StatusView) -> list[str]:
    """What matters most first."""
    parts = []
    if status.jobs_total:
        figures = {"done": number(status.jobs_done), "total": number(status.jobs_total)}
        is_parked = status.phase is MachinePhase.BULK_PARKED
        parts.append(tr("Jobs {done}/{total}, paused for chat", **figures) if is_parked else jobs(status))
    if is_moving(status):
        parts.append(tr("jobs at {rate}", rate=rate(status.bulk_tokens_per_second)))
    if status.kv_used_fraction > 0 or status.n_threads:
        parts.append(tr("KV {percent}", percent=percent(status.kv_used_fraction)))
    if status.n_threads:
        parts.append(trn("{count} thread", "{count} threads", status.n_threads))
    return parts


def group(updated_seconds: float, now: datetime) -> str:
    """Today, This week or Older: where a chat stands in the sidebar; marked for `tr`."""
    day = datetime.fromtimestamp(updated_seconds).date()
    if day >= now.date():
        return mark("Today")
    return mark("This week") if day > now.date() - timedelta(days=7) else mark("Older")


def when(updated_seconds: float, now: datetime) -> str:
    """A time today, a weekday this week, else a date, in the user's language."""
    moment = QDateTime.fromSecsSinceEpoch(int(updated_seconds))
    match group(updated_seconds, now):
        case "Today":
            return QLocale().toString(moment.time(), QLocale.FormatType.ShortFormat)
        case "This week":
            return QLocale().standaloneDayName(moment.date().dayOfWeek())
    return QLocale().toString(moment.date(), "d MMM" if moment.date().year() == now.year else "d MMM yyyy")
