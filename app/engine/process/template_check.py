"""Is a chat template so simple that it must end soon, whatever the conversation? Pure: looks at its syntax only.

Such a template has no loop within a loop, no macros, no arithmetic that makes texts grow, and calls nothing that does.
What it writes is then at most the conversation once for each message. Most small models have one like that.
"""

from __future__ import annotations

from jinja2 import nodes

_HARMLESS = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.CondExpr, nodes.Name, nodes.Const),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Test, nodes.Add, nodes.Concat, nodes.Assign, nodes.NSRef, nodes.Keyword),
)
_FILTERS = {"trim", "upper", "lower", "capitalize", "title", "length", "count", "first", "last", "string", "default"}
_FUNCTIONS = {"raise_exception", "strftime_now"}
_METHODS = {"strip", "lstrip", "rstrip", "upper", "lower", "startswith", "endswith", "capitalize", "get"}
_GROWING = (nodes.Add, nodes.Concat)


def ends_soon(template: nodes.Template) -> bool:
    """False says nothing: it may still be a good template."""
    assigned = {name.name for name in template.find_all(nodes.Name) if name.ctx == "store"}
    assigned |= {reference.name for reference in template.find_all(nodes.NSRef)}
    return _is_harmless(template, assigned, in_loop=False)


def _is_harmless(node: nodes.Node, assigned: set[str], *, in_loop: bool) -> bool:
    if isinstance(node, nodes.For):
        if in_loop or node.recursive:
            return False
        in_loop = True
    elif isinstance(node, nodes.Assign):
        # a text that is made of one that was made before could double at every line
        if any(node.node.find_all(_GROWING)) and any(name.name in assigned for name in node.node.find_all(nodes.Name)):
            return False
        if isinstance(node.node, _GROWING) and any(name.name in assigned for name in node.node.find_all(nodes.Name)):
            return False
    elif isinstance(node, nodes.Call):
        if isinstance(node.node, nodes.Name):
            if node.node.name not in _FUNCTIONS:
                return False
        elif not (isinstance(node.node, nodes.Getattr) and node.node.attr in _METHODS):
            return False
    elif isinstance(node, nodes.Filter):
        if node.name not in _FILTERS:
            return False
    elif isinstance(node, nodes.Mod):
        # an alternation of roles (loop.index0 % 2), and not a text with a width in it
        if not (isinstance(node.left, nodes.Getattr) and node.left.node == nodes.Name("loop", "load")):
            return False
    elif not isinstance(node, _HARMLESS):
        return False
    return all(_is_harmless(child, assigned, in_loop=in_loop) for child in node.iter_child_nodes())
