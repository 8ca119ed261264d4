"""How fast bulk goes when it has the machine to itself: tokens of prompts, tokens of output, each with its seconds."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.messages import Priority
from app.engine.process.backend import StepPlan, StepResult


@dataclass
class BulkPace:
    """Sums since the model was loaded. A step of bulk either reads or writes (see scheduler.py)."""

    read_tokens: int = 0
    read_seconds: float = 0.0
    written_tokens: int = 0
    written_seconds: float = 0.0

    def took(self, plan: StepPlan, result: StepResult) -> None:
        """A part of a plan was computed. Steps beside a chat tell nothing of the machine, torn ones neither, nor do
        those that embed texts.
        """
        if not plan.work or plan.work[0].slot.priority is Priority.INTERACTIVE:
            return
        done = {part.id: part.n_done for part in result.results}
        if any(done.get(work.id) != len(work.tokens) for work in plan.work):
            return
        if plan.is_writing:
            self.written_tokens += len(plan.work)
            self.written_seconds += result.seconds
        else:
            self.read_tokens += sum(done.values())
            self.read_seconds += result.seconds
