"""Who of the window hears what: each signal of a part, and each event of the core. GUI thread only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.events import (
    ChatChanged,
    ChatDeleted,
    DownloadChanged,
    EngineRestarted,
    Event,
    FoldersChanged,
    JobChanged,
    JobRemoved,
    ManyChatsChanged,
    MeasurementAdvanced,
    ModelsChanged,
    ModelStateChanged,
    NoticeShown,
    PersonasChanged,
    PromptsChanged,
    QuickAskShown,
    StatusChanged,
    WindowRaised,
)
from app.gui import dialogs

if TYPE_CHECKING:
    from app.gui.bridge import Bridge
    from app.gui.theme import Theme
    from app.gui.window import Window


def connect(window: Window, bridge: Bridge, theme: Theme) -> None:
    """Every signal to who answers it."""
    bridge.happened.connect(window.hear)
    window.frame.arranged.connect(window.arranged)
    theme.changed.connect(window.frame.arrange)  # larger type needs more room
    theme.changed.connect(window.status_bar.fit)
    window.frame.keyboard_freed.connect(window.take_keyboard)
    window.beginning.first_run.keyboard_freed.connect(window.take_keyboard)
    bridge.call_failed.connect(window.say)
    window.settings.export_asked.connect(window.export_everything)
    window.settings.import_asked.connect(window.import_chats)
    side, top, jobs = window.sidebar, window.top_bar, window.jobs_pane
    side.chosen.connect(window.open_chat)
    side.new_chat_asked.connect(window.new_chat)
    side.temporary_asked.connect(lambda: window.new_chat(is_temporary=True))
    side.search_asked.connect(window.open_palette)
    side.asked.export.connect(lambda chat_id, form: window.export_chat(form, chat_id))
    side.asked.show_pinned.connect(window.pinned.open)
    window.pinned.chosen.connect(window.open_chat)
    window.palette_box.search_asked.connect(window.search)
    window.palette_box.opened.connect(window.open_chat)
    window.palette_box.closed.connect(window.take_keyboard)
    side.jobs_asked.connect(window.toggle_jobs)
    side.closed.connect(lambda: window.show_sidebar(False))
    side.settings_asked.connect(window.settings.open)
    side.lab_asked.connect(lambda: window.lab.open())
    top.sidebar_asked.connect(lambda: window.show_sidebar(True))
    jobs.closed.connect(lambda: window.show_jobs_pane(False))
    jobs.new_job_asked.connect(window.new_job)
    jobs.actions_asked.clone.connect(window.new_jobs.clone)
    window.new_jobs.started.connect(window.job_begun)
    window.chat_desk.deleted.connect(window.chat_deleted)
    window.chat_desk.made.connect(window.open_chat)
    window.chat_desk.closed_changed.connect(lambda ids: window.settings.change({"closed_folders": ids}))
    window.job_desk.changed.connect(window.show_status)
    window.job_desk.over.connect(window.summons.tray.tell)
    window.conversation.chat_changed.connect(window.sidebar.select)
    window.conversation.chat_changed.connect(window.beginning.chat_shown)
    window.conversation.chat_changed.connect(lambda _: window.show_name())
    window.conversation.documents_changed.connect(top.show_documents)
    window.chat_desk.changed.connect(lambda _: window.show_name())
    top.parameters_asked.connect(window.toggle_parameters)
    composer = window.conversation.composer
    composer.attach_asked.connect(window.choose_attachments)
    composer.summarize_asked.connect(window.choose_documents)
    composer.job_asked.connect(window.new_job)
    composer.save_prompt_asked.connect(window.open_prompts)
    composer.prompts_asked.connect(window.open_prompts)
    window.conversation.desk.edit_prompts_asked.connect(window.open_prompts)
    window.conversation.transcript.actions_asked.choose_model.connect(window.model_desk.open_menu)
    window.conversation.transcript.actions_asked.open_link.connect(lambda link: dialogs.confirm_link(window, link))
    pages, drops = window.job_pages, window.drops
    drops.summarize_asked.connect(window.summarize)
    drops.job_asked.connect(window.new_job)
    drops.attach_asked.connect(window.conversation.desk.attach)
    drops.summary_dropped.connect(pages.ask_about)
    pages.shown.connect(window.show_page)
    pages.left.connect(window.show_conversation)
    window.models.shown.connect(window.show_page)
    window.models.left.connect(window.show_conversation)
    window.models.settings_changed.connect(window.settings.change)
    window.model_desk.page_asked.connect(window.models.open)
    pages.quoted.connect(window.ask_in_chat)
    pages.quoted_anew.connect(window.ask_in_new_chat)
    side.summary_dropped.connect(lambda chat_id, job_id, place: pages.ask_about(job_id, place, chat_id))
    pages.link_clicked.connect(lambda link: dialogs.confirm_link(window, link))
    window.status_bar.preset_chosen.connect(window.choose_preset)
    window.spelling.marks.switched.connect(lambda is_on: window.settings.change({"checks_spelling": is_on}))


def hear(window: Window, event: Event) -> None:
    """One event from the core."""
    match event:
        case ChatChanged() | ChatDeleted() | ManyChatsChanged() | FoldersChanged():
            window.chat_desk.hear(event)
            if isinstance(event, ChatChanged):
                window.beginning.hear(event)
        case JobChanged() | JobRemoved():
            window.job_desk.hear(event)
            window.job_pages.hear(event)
            window.new_jobs.hear(event)
        case StatusChanged():
            window.status_bar.toggle.show_value(event.status.preset)
            window.job_desk.hear(event)
            window.job_pages.hear(event)
        case ModelStateChanged():
            window.model_desk.hear(event)
            _tell_lab(window, event)
            window.conversation.hear(event)
            window.models.hear(event)
            window.beginning.hear(event)
        case DownloadChanged():
            window.models.hear(event)
            window.beginning.hear(event)
        case ModelsChanged():
            window.models.hear(event)
        case EngineRestarted():
            window.model_desk.hear(event)
        case NoticeShown():
            window.notices.show_notice(event.sentence, tone="danger" if event.is_error else "muted")
        case WindowRaised():
            window.bring_up()
            window.open_files(event.files)
        case MeasurementAdvanced():
            _tell_lab(window, event)
        case QuickAskShown():
            window.summons.ask(event.text)
        case PersonasChanged() | PromptsChanged():
            window.library.hear(event)
        case _:
            window.conversation.hear(event)


def _tell_lab(window: Window, event: ModelStateChanged | MeasurementAdvanced) -> None:
    """Where it was made: it asks for what is known when it is opened."""
    if "lab" in window.__dict__:
        window.lab.hear(event)
