"""Folders, personas and saved prompts. Runs on the core thread; what changed is told as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import msgspec

from app.core.chat_views import ChatOptions, FolderView, PersonaView, SavedPrompt
from app.core.events import Event, FoldersChanged, PersonasChanged, PromptsChanged
from app.errors import ErrorKind, KnownError
from app.store.library import Library, PersonaRow, PromptRow


class LibraryService:
    def __init__(self, store: Library, publish: Callable[[Event], None]) -> None:
        self._store, self._publish = store, publish

    def folders(self) -> list[FolderView]:
        return [FolderView(id=row.id, name=row.name, position=row.position) for row in self._store.folders()]

    def add_folder(self, name: str) -> str:
        id = uuid.uuid4().hex
        self._store.add_folder(id, _named(name))
        self._tell_folders()
        return id

    def rename_folder(self, id: str, name: str) -> None:
        self._store.rename_folder(id, _named(name))
        self._tell_folders()

    def delete_folder(self, id: str) -> None:
        self._store.remove_folder(id)
        self._tell_folders()

    def personas(self) -> list[PersonaView]:
        return [_persona(row) for row in self._store.personas()]

    def persona(self, id: str) -> PersonaView | None:
        return next((persona for persona in self.personas() if persona.id == id), None) if id else None

    def save_persona(self, persona: PersonaView) -> str:
        saved = replace(persona, id=persona.id or uuid.uuid4().hex, name=_named(persona.name))
        options = msgspec.json.encode(saved.options).decode()
        self._store.save_persona(
            PersonaRow(
                id=saved.id,
                name=saved.name,
                system_prompt=saved.system_prompt,
                greeting=saved.greeting,
                model=saved.model,
                options=options,
            )
        )
        self._publish(PersonasChanged(personas=tuple(self.personas())))
        return saved.id

    def delete_persona(self, id: str) -> None:
        self._store.remove_persona(id)
        self._publish(PersonasChanged(personas=tuple(self.personas())))

    def prompts(self) -> list[SavedPrompt]:
        return [SavedPrompt(id=row.id, name=row.name, text=row.text) for row in self._store.prompts()]

    def save_prompt(self, prompt: SavedPrompt) -> str:
        id = prompt.id or uuid.uuid4().hex
        self._store.save_prompt(PromptRow(id=id, name=_named(prompt.name), text=prompt.text))
        self._publish(PromptsChanged(prompts=tuple(self.prompts())))
        return id

    def delete_prompt(self, id: str) -> None:
        self._store.remove_prompt(id)
        self._publish(PromptsChanged(prompts=tuple(self.prompts())))

    def tell_all(self) -> None:
        """All of it may be new."""
        self._tell_folders()
        self._publish(PersonasChanged(personas=tuple(self.personas())))
        self._publish(PromptsChanged(prompts=tuple(self.prompts())))

    def _tell_folders(self) -> None:
        self._publish(FoldersChanged(folders=tuple(self.folders())))


def _persona(row: PersonaRow) -> PersonaView:
    return PersonaView(
        id=row.id,
        name=row.name,
        system_prompt=row.system_prompt,
        greeting=row.greeting,
        model=row.model,
        options=msgspec.json.decode(row.options, type=ChatOptions),
    )


def _named(name: str) -> str:
    if not name.strip():
        raise KnownError(ErrorKind.BAD_REQUEST, "It needs a name. Write one.")
    return name.strip()
