"""Short texts into labels: beside the bare cost of reading them, and beside the Llama class asked one by one."""

from __future__ import annotations

import csv
import random
import time

from app.core.kinds.classify import Classify, ClassifyParams
from app.core.kinds.item_input import Row as TableRow
from app.engine.local import local_engine
from app.lab.bench import Lab
from app.lab.program import program
from app.lab.row import Limit, Row
from app.lab.workload import prose

TEXTS, SAMPLE = 2_000, 60
LABELS = ("sport", "politics", "science", "weather", "business")
PARAMS = ClassifyParams(labels=LABELS, columns=("text",))
PEER_TOKENS = 8


async def classify(lab: Lab) -> Row:
    """Through the whole program: table, queue, engine, database."""
    row = Row("classify", limits=[Limit("wall_ratio", 1.1)])
    folder = lab.folder / "classify"
    folder.mkdir()
    texts = [prose(random.Random(n).randint(15, 45), 5_000 + n) for n in range(TEXTS)]
    table = folder / "texts.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([["text"], *([text] for text in texts)])
    kind = Classify()
    requests = [kind.requests(PARAMS, TableRow(values={"text": text}))[0] for text in texts]
    engine = local_engine(lab.folder, options=["--threads", str(lab.n_threads)])
    async with program(folder, engine, lab.model) as running:
        job = await running.core.add_job("classify", PARAMS, [table], is_draft=True)
        preview = await running.until_read(job)
        capabilities = engine.capabilities
        assert capabilities is not None
        async with lab.bare(n_sequences=1, context_tokens=2048) as bare:
            started = time.perf_counter()
            running.core.start_job(job)
            done = await running.core.wait_for_job(job)
            wall = time.perf_counter() - started
            shared = done.saved_tokens / (TEXTS - 1)
            own = done.prompt_tokens - done.saved_tokens
            n = 512
            prefill = n / min([await bare.prefill(n, depth=round(shared)) for _ in range(5)])
            peer = await bare.peer_replies([request.turns for request in requests[:SAMPLE]], PEER_TOKENS)
    assert done.items_done == TEXTS, done
    row.figures = {
        "wall_ratio": wall / (own / prefill),
        "times_llama_class": (peer / SAMPLE) / (wall / TEXTS),
        "wall_seconds": wall,
        "limit_seconds": own / prefill,
        "estimate_ratio": (preview.seconds or 0.0) / wall,
        "estimated_tokens_ratio": preview.read_tokens / own,
        "own_tokens_per_text": own / TEXTS,
        "saved_tokens_per_text": shared,
        "bare_prefill_per_second": prefill,
        "llama_class_seconds_per_text": peer / SAMPLE,
        "texts_per_second": TEXTS / wall,
    }
    row.facts = {"workload": f"{TEXTS:,} texts into {len(LABELS)} labels; the Llama class on {SAMPLE} of them"}
    return row
