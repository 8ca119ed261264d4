"""The output side of one request: its text, when things happened, and how it ended. Pure: times are arguments."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.messages import FinishReason, Timings, Usage
from app.engine.process.sequence import Sequence
from app.engine.process.text_stream import TextStream
from app.engine.process.thinking import Thinking


@dataclass(kw_only=True)
class Reply:
    """Seconds are of the engine's monotonic clock; 0.0: has not happened."""

    text: TextStream
    thinking: Thinking
    submitted_seconds: float
    admitted_seconds: float = 0.0
    first_token_seconds: float = 0.0
    ignore_eos: bool = False
    untold: str = ""  # text that waits to be told

    def finish_reason(self, sequence: Sequence, *, is_end: bool) -> FinishReason | None:
        """Why the reply is over after its newest token, or None where it goes on."""
        if is_end and not self.ignore_eos:
            return FinishReason.END
        if self.text.is_stopped:
            return FinishReason.STOP_STRING
        if sequence.n_output >= sequence.max_tokens:
            return FinishReason.LENGTH
        return None

    def timings(self, now_seconds: float) -> Timings:
        return Timings(
            queue_seconds=(self.admitted_seconds or now_seconds) - self.submitted_seconds,
            ttft_seconds=(self.first_token_seconds or now_seconds) - self.submitted_seconds,
            total_seconds=now_seconds - self.submitted_seconds,
        )


def _reread_reason(sequence: Sequence) -> str:
    if sequence.n_unusable == 0:
        return ""
    what = "a part of the chat" if sequence.n_cached else "the whole chat"
    return f"This kind of model can't go back to an earlier place, so {what} was read again."


def usage(sequence: Sequence, reply: Reply) -> Usage:
    return Usage(
        prompt_tokens=sequence.n_prompt,
        cached_tokens=sequence.n_cached,
        output_tokens=sequence.n_output,
        guess_steps=sequence.guesses.n_steps if sequence.guesses is not None else 0,
        guessed_tokens=sequence.guesses.n_guessed if sequence.guesses is not None else 0,
        right_guesses=sequence.guesses.n_right if sequence.guesses is not None else 0,
        dropped_turns=sequence.dropped_turns,
        reread_reason=_reread_reason(sequence),
    )
