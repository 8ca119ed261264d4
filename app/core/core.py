"""Core: the one object a face talks to. Down = calls, up = events. Lives on one asyncio thread, owns no widget."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import shutil
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path

from app import settings as settings_file
from app.core.attachment_files import AttachmentFiles
from app.core.attachments import AttachmentService
from app.core.chat_calls import ChatCalls
from app.core.chats import ChatService
from app.core.document_summaries import DocumentSummaries
from app.core.documents import DocumentService
from app.core.downloads import DownloadService
from app.core.estimate_log import EstimateLog
from app.core.events import (
    EngineRestarted,
    Event,
    JobChanged,
    JobRemoved,
    ModelsChanged,
    NoticeShown,
    QuickAskShown,
    ReplyEnded,
    StatusChanged,
    WindowRaised,
)
from app.core.host import Execute, Host
from app.core.idle_model import watch_idle_model
from app.core.instance import Instance
from app.core.job_calls import JobCalls
from app.core.job_contents import JobContents
from app.core.jobs import JobService
from app.core.kept_engines import KeptEngines, NewEngine
from app.core.library import LibraryService
from app.core.load_calls import LoadCalls
from app.core.local_models import LocalModels
from app.core.model_calls import ModelCalls
from app.core.model_fit import ModelFits
from app.core.model_rates import ModelRates
from app.core.models import ModelService
from app.core.moving import MovingCalls
from app.core.views import MachinePhase, StatusView
from app.downloads.hub import Hub
from app.engine.devices import Gpu
from app.engine.format import end_what_was_left, give_way_to_chats
from app.engine.interface import Engine, LoadSettings, ModelState, Vector
from app.engine.local import list_gpus
from app.engine.messages import EngineReported, GenerateRequest, Preset, Priority, RequestEvent, RequestFailed, Turn
from app.errors import KnownError
from app.logs import topic
from app.paths import Paths
from app.settings import Settings
from app.store.attachments import Attachments
from app.store.chat_speeds import chat_speeds
from app.store.chats import Chats
from app.store.database import Database
from app.store.items import Items
from app.store.jobs import Jobs
from app.store.library import Library

log = topic("core")

EventSink = Callable[[Event], None]


class Core(ChatCalls, JobCalls, ModelCalls, LoadCalls, MovingCalls):
    """The program without a face. Methods run on the core thread and raise KnownError only.

    `model` is a GGUF file to use instead of the one in the settings. `new_engine` makes another one like `engine`, so
    that a model can be kept while another is in use; `new_side_engine` one for jobs that keep another model than the
    chat's. Nothing is opened before `start`.
    """

    def __init__(
        self,
        paths: Paths,
        engine: Engine,
        publish: EventSink,
        *,
        settings: Settings,
        model: Path | None = None,
        new_engine: NewEngine | None = None,
        new_side_engine: NewEngine | None = None,
    ) -> None:
        self.paths = paths
        self.settings = settings
        self._sinks: list[EventSink] = [publish]
        self._engine = KeptEngines(engine, new_engine, changed=lambda: self._publish(ModelsChanged()))
        self._model = model
        self._new_side_engine = new_side_engine
        self._status = StatusView(preset=settings.preset)
        self._report: EngineReported | None = None
        self._side_report: EngineReported | None = None
        self._loading: asyncio.Task[None] | None = None
        self._idle: asyncio.Task[None] | None = None
        self._gpus: tuple[Gpu, ...] = ()  # and their memory, before a model was loaded
        self._rates = ModelRates()
        self._has_recalled_rates = False
        self._is_open = False
        self._model_problem = ""
        self.are_chats_active = False
        self._instance: Instance | None = None
        self._host: Host | None = None

    def host(self, instance: Instance, execute: Execute) -> None:
        """Before `start`: this Core has the profile, and runs the commands of later starts until it is closed."""
        self._instance, self._host = instance, Host(instance.paths, execute)

    def open(self) -> None:
        """Open the profile. Enough to look at chats and jobs; nothing runs yet."""
        self.paths.make_folders()
        if self.paths.trials.exists():  # of a measurement that was killed
            end_what_was_left()
            shutil.rmtree(self.paths.trials, ignore_errors=True)
        self._database = Database(self.paths.database, self.paths.backups)
        self._fits = ModelFits(
            context_tokens=lambda: self.settings.context_tokens,
            gpu_layers=lambda: self.settings.gpu_layers,
            gpu_split=lambda: self.settings.gpu_split,
            kv=lambda: self.settings.kv_kind,
            flash_attention=lambda: self.settings.flash_attention == "on",
            given_back=lambda: self._models.held_bytes(),
            gpus=lambda: self._gpus,
            rates=self._rates.by_read_bytes,
            tuning=self.paths.tuning,
        )
        self._models = ModelService(
            self.paths,
            self._engine,
            self._publish,
            lambda: self._jobs,
            settings=lambda: self.settings,
            fits=self._fits,
        )
        self._hub = Hub(self.paths)
        self._downloads = DownloadService(
            self.paths,
            self._publish,
            token_name=self._hub_token_name,
            files=self._hub_groups,
            placed=lambda: self._publish(ModelsChanged()),
        )
        self._local_models = LocalModels(
            self.paths,
            self.settings,
            self._publish,
            unfinished=self._downloads.unfinished_files,
            loaded=lambda: self._models.path,
            kept=lambda: self._engine.kept,
            change=lambda added: self.change_settings(added_models=added),
        )
        self._library = LibraryService(Library(self._database), self._publish)
        documents = DocumentService(self._engine, self.paths.logs)
        self._estimates = EstimateLog(self.paths.tuning / "estimates.json")
        jobs, items = Jobs(self._database), Items(self._database, lease=uuid.uuid4().hex)
        self._contents = JobContents(jobs, items)
        self._jobs = JobService(
            jobs,
            items,
            self._engine,
            documents,
            self.paths.unpacked,
            lambda: str(self._models.path or ""),
            self._publish,
            kept=self._engine,
            new_side_engine=self._new_side_engine,
            side_load=lambda: LoadSettings(
                gpu_layers=self.settings.gpu_layers, gpu_split=tuple(self.settings.gpu_split)
            ),
            side_reported=self._side_reported,
            estimates=self._estimates,
        )
        summaries = DocumentSummaries(self._jobs, self._contents)
        self._attachments = self._attachment_service(
            self._database, documents, AttachmentFiles(self.paths.attachments), summaries
        )
        self._chats = self._chat_service(self._database, self._attachments)
        self._memory = Database(Path(":memory:"), self.paths.backups)
        self._temporary_attachments = self._attachment_service(self._memory, documents, None, None)
        self._temporary_chats = self._chat_service(self._memory, self._temporary_attachments, is_temporary=True)
        self._is_open = True

    def _attachment_service(
        self,
        database: Database,
        documents: DocumentService,
        files: AttachmentFiles | None,
        summaries: DocumentSummaries | None,
    ) -> AttachmentService:
        """`files` and `summaries` None: for temporary chats."""
        return AttachmentService(
            Attachments(database),
            documents,
            self._engine,
            self._publish,
            files=files,
            summaries=summaries,
            context=lambda chat_id: self._of_chat(chat_id).context_use(chat_id, ""),
        )

    def _chat_service(
        self, database: Database, attachments: AttachmentService, *, is_temporary: bool = False
    ) -> ChatService:
        return ChatService(
            Chats(database),
            Library(database),
            self._engine,
            lambda: self.settings,
            self._publish,
            persona=self._library.persona,
            load_model=self._load_for_reply,
            ahead=self._engine.read_ahead_in,
            model_name=lambda: self._models.name.encode(errors="replace").decode(),  # a file's name may be no text
            attachments=attachments,
            is_temporary=is_temporary,
        )

    async def _load_for_reply(self, path: str) -> None:
        """A chat may have a model of its own; empty: the one that is loaded will do."""
        if path and self._models.path != Path(path):
            await self._models.load(Path(path))

    async def start(self) -> None:
        """Open the profile, go on with what was left, start the engine; the model loads behind it."""
        self.open()
        self._chats.recover()
        await self._engine.start(self)
        self._engine.set_preset(Preset(self.settings.preset), self.settings.balanced_slowdown)
        self._engine.expect_load()
        self._loading = asyncio.create_task(self._load_at_start(), name="load the model")
        self._idle = asyncio.create_task(
            watch_idle_model(
                self._engine, lambda: self.settings.unload_after_minutes * 60, is_tight=self._models.is_tight
            ),
            name="watch the idle model",
        )
        self._jobs.recover()
        self._downloads.recover()
        self._attachments.recover()
        self._count_jobs()
        await self.serve()

    async def serve(self) -> None:
        """From now on the commands of later starts are run. `start` does it too."""
        if self._host is not None:
            await self._host.serve()

    async def wait_for_guests(self) -> None:
        """Until every command that came from a later start has ended."""
        if self._host is not None:
            await self._host.wait_for_guests()

    async def close(self) -> None:
        """Everything that is under way is on the disk and goes on at the next start. Also after a failed `start`."""
        if self._host is not None:
            await self._host.stop_serving()
        for task in (self._loading, self._idle):
            if task is not None:
                task.cancel()
        if self._is_open:
            await self._chats.close()
            await self._temporary_chats.close()
            await self._attachments.close()
            await self._temporary_attachments.close()
            await self._jobs.close()
            await self._close_models()
        await self._engine.close()
        give_way_to_chats(self, False)
        if self._is_open:
            self._database.close()
            self._memory.close()
        if self._instance is not None:
            self._instance.release()  # last: the next start may write from here on

    async def _load_at_start(self) -> None:
        path: Path | None = None
        try:
            path = self._models.path = self._model or self._models.choose_at_start(self.settings)
            with contextlib.suppress(OSError):  # without them the processor's memory is all that is known
                self._gpus = await list_gpus(self.paths.logs)
            if self._models.path == path:  # else the person was quicker
                await self._models.load(path)
        except KnownError as error:
            is_told = self._engine.model_state is ModelState.FAILED  # the engine tells its own failures
            if self._models.path == path and not is_told:
                self._engine.has_no_model(error)

    # events

    def add_sink(self, sink: EventSink) -> Callable[[], None]:
        """Another listener, for example a command from another process; returns what removes it."""
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def _publish(self, event: Event) -> None:
        for sink in list(self._sinks):
            try:
                sink(event)
            except Exception:  # whoever listens must not take the reply, or the engine, with it
                log.exception("an event could not be delivered")
        if isinstance(event, JobChanged | JobRemoved):
            self._count_jobs()
            if self._is_open:
                self._attachments.hear(event)
        elif isinstance(event, ReplyEnded) and event.message.figures is not None:
            figures = event.message.figures
            self._rates.took(self._models.read_bytes, figures.tokens_per_second, figures.output_tokens)
            self._set_status(
                last_ttft_seconds=figures.ttft_seconds,
                last_tokens_per_second=figures.tokens_per_second,
            )

    def _recall_rates(self, read_bytes: Mapping[str, int]) -> None:
        """How fast replies were before this start; `read_bytes` for each token, by the names of models."""
        if not self._has_recalled_rates:
            self._has_recalled_rates = True
            for name, rate, n_tokens in reversed(chat_speeds(self._database)):
                self._rates.took(read_bytes.get(name, 0), rate, n_tokens)

    def tell(self, event: Event) -> None:
        """For what works beside Core, as the lab does: its news go the way of all others."""
        self._publish(event)

    # the machine

    async def reload_model(self) -> None:
        """The one in use, with what was measured of it since."""
        if self._models.path is not None:
            await self._models.load(self._models.path)

    @property
    def model_state(self) -> ModelState:
        """What the engine has in memory."""
        return self._engine.model_state

    @property
    def model_problem(self) -> str:
        """Why there is no model; empty while there is one, or one is being loaded."""
        return self._model_problem

    def set_preset(self, preset: Preset) -> None:
        """Takes effect at the engine's next step."""
        self._engine.set_preset(preset, self.settings.balanced_slowdown)
        self._set_status(preset=preset.value)
        self.change_settings(preset=preset.value)

    def check_database(self) -> str:
        """What is wrong with the file, as a sentence; empty: nothing."""
        return self._database.problem()

    async def try_engine(self) -> float:
        """Have a few tokens generated; the seconds that took, once a model is loaded. Raises KnownError."""
        await self._engine.count_tokens([""])
        started = time.monotonic()
        request = GenerateRequest(turns=(Turn("user", "Say hello."),), priority=Priority.INTERACTIVE, max_tokens=8)
        async for event in self._engine.generate(f"try-{uuid.uuid4().hex}", request):
            if isinstance(event, RequestFailed):
                raise KnownError(event.kind, event.sentence)
        return time.monotonic() - started

    async def generate(self, request: GenerateRequest) -> AsyncGenerator[RequestEvent, None]:
        """The events of a request that belongs to no chat and no job; nothing of it is stored. See Engine.generate.

        To close this early cancels it.
        """
        events = self._engine.generate(f"direct-{uuid.uuid4().hex}", request)
        try:
            async for event in events:
                yield event
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()  # now, and not when it is collected

    async def embed(self, texts: Sequence[str], priority: Priority) -> list[Vector]:
        """A vector for each text; nothing of it is stored. See Engine.embed."""
        return await self._engine.embed(texts, priority)

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return await self._engine.count_tokens(texts)

    def change_settings(self, **changes: object) -> None:
        """Set and save; a disk that does not take them is told in a notice."""
        for name, value in changes.items():
            setattr(self.settings, name, value)
        if "balanced_slowdown" in changes:
            self._engine.set_preset(Preset(self.settings.preset), self.settings.balanced_slowdown)
        try:
            settings_file.save(self.settings, self.paths.settings)
        except KnownError as error:
            self._publish(NoticeShown(sentence=error.sentence, is_error=True))

    def raise_window(self, files: Sequence[Path] = ()) -> None:
        """To the front, with these files opened in it."""
        self._publish(WindowRaised(files=tuple(files)))

    def show_quick_ask(self, text: str = "") -> None:
        """`text` is asked in it at once."""
        self._publish(QuickAskShown(text=text))

    # what the engine tells (EngineObserver)

    def model_state_changed(self, state: ModelState, fraction: float, sentence: str) -> None:
        self._model_problem = sentence if state is ModelState.FAILED else ""
        self._models.publish_state(state, fraction, sentence)
        capabilities = self._engine.capabilities
        if state is ModelState.READY and capabilities is not None:
            self._set_status(n_threads=capabilities.n_threads, context_limit=capabilities.interactive_context)
        if state in (ModelState.READY, ModelState.FAILED):
            self._jobs.model_is_settled()
        if state is ModelState.READY:
            self._attachments.model_is_ready()
            self._temporary_attachments.model_is_ready()

    def engine_crashed(self, running: frozenset[str], description: str) -> None:
        self._jobs.engine_crashed(running)
        self._publish(EngineRestarted(sentence=description))

    def engine_reported(self, report: EngineReported) -> None:
        self._report = report
        if self._is_open:
            self._jobs.engine_reported(report)
            self._chats.titles.engine_reported(report)
        self._tell_machine(report)

    def chats_active(self, are_active: bool) -> None:
        self.are_chats_active = are_active
        give_way_to_chats(self, are_active)
        if self._is_open:
            self._jobs.chats_active(are_active)

    def _side_reported(self, report: EngineReported | None) -> None:
        self._side_report = report
        if self._report is not None:
            self._tell_machine(self._report)

    def _tell_machine(self, report: EngineReported) -> None:
        side = self._side_report
        self._set_status(
            phase=phase_of(report, side),
            preset=report.preset.value,
            chat_tokens_per_second=report.interactive_tokens_per_second,
            bulk_tokens_per_second=report.bulk_tokens_per_second + (side.bulk_tokens_per_second if side else 0.0),
            kv_used_fraction=report.kv_used_fraction,
        )

    def _count_jobs(self) -> None:
        done, total = self._jobs.unfinished_items()
        if (done, total) != (self._status.jobs_done, self._status.jobs_total):
            self._set_status(jobs_done=done, jobs_total=total)

    def _set_status(self, **changes: object) -> None:
        self._status = dataclasses.replace(self._status, **changes)  # type: ignore[arg-type]
        self._publish(StatusChanged(status=self._status))


def phase_of(report: EngineReported, side: EngineReported | None = None) -> MachinePhase:
    """What the machine does, in one word; `side`: what the engine of jobs with another model does."""
    with_bulk = [engine for engine in (report, side) if engine is not None and engine.bulk_running]
    if report.interactive_running and with_bulk:
        is_parked = all(engine.bulk_is_parked for engine in with_bulk)
        return MachinePhase.BULK_PARKED if is_parked else MachinePhase.BOTH
    if report.interactive_running:
        return MachinePhase.CHAT
    return MachinePhase.BULK if with_bulk else MachinePhase.IDLE
