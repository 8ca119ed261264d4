"""XML from a file that may come from anywhere, as a tree."""

from __future__ import annotations

from typing import Any


class RefusedXml(Exception):
    """It declares a document type, whose entities may grow without end. No office program writes one."""


def parse_xml(content: bytes) -> Any:
    """The root element. Raises RefusedXml, and what lxml raises for damage. Loads nothing, expands no entities."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(content, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise RefusedXml
    return root
