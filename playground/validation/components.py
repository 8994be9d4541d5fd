"""Message components: rows, buttons, selects, and the layout of components v2."""

from __future__ import annotations

from typing import Any

from playground.validation.form import Place
from playground.world.model import walk

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL = 18
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
LINK_STYLE, PREMIUM_STYLE = 5, 6

MAX_ROWS, MAX_BUTTONS, MAX_OPTIONS = 5, 5, 25
MAX_COMPONENTS, MAX_TEXT = 40, 4000

_IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
_TOP_V2 = (*_IN_CONTAINER, CONTAINER)


def check_components(components: Any, at: Place, *, v2: bool) -> None:
    """Note what Discord would refuse in a message's components; `v2` is the message's flag of that name."""
    if not at.listing(components, 0, MAX_COMPONENTS if v2 else MAX_ROWS):
        return
    if not all([_check(one, at / n, _TOP_V2 if v2 else (ROW,)) for n, one in enumerate(components)]):
        return
    everything = list(walk(components))
    if len(everything) > MAX_COMPONENTS:
        at.problem(
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"The total number of components must not exceed {MAX_COMPONENTS}",
        )
    if sum(len(one["content"]) for one in everything if one["type"] == TEXT) > MAX_TEXT:
        at.problem(
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"The total displayable text must not exceed {MAX_TEXT} characters",
        )
    check_unique(everything, at)


def check_unique(everything: list[Any], at: Place) -> None:
    """Note custom ids and component ids that are used twice."""
    custom_ids = [one["custom_id"] for one in everything if one.get("custom_id") is not None]
    if len(set(custom_ids)) < len(custom_ids):
        at.problem("COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    ids = [one["id"] for one in everything if one.get("id")]
    if len(set(ids)) < len(ids):
        at.problem("COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")


def check_kind(one: Any, at: Place, allowed: tuple[int, ...]) -> bool:
    """Note a component that is no object, or of a type that may not stand here."""
    if not at.table(one):
        return False
    if one.get("type") not in allowed:
        return (at / "type").problem("UNION_TYPE_CHOICES", f'Value of field "type" must be one of {allowed}.')
    return (at / "id").integer(one.get("id"), 0, 2**31 - 1)


def _check(one: Any, at: Place, allowed: tuple[int, ...]) -> bool:
    """Note what is wrong with one component and all within it; return whether its shape can be relied on."""
    if not check_kind(one, at, allowed):
        return False
    kind = one["type"]
    if kind == ROW:
        return _check_row(one, at)
    if kind == CONTAINER:
        return _check_children(one, at, _IN_CONTAINER, MAX_COMPONENTS)
    if kind == SECTION:
        accessory = _check(one.get("accessory"), at / "accessory", (BUTTON, THUMBNAIL))
        return _check_children(one, at, (TEXT,), 3) and accessory
    if kind == BUTTON:
        return check_button(one, at)
    if kind in SELECTS:
        return check_select(one, at)
    if kind == TEXT:
        return (at / "content").text(one.get("content"), 1, MAX_TEXT)
    if kind == GALLERY:
        return _check_gallery(one, at)
    if kind == SEPARATOR:
        return (at / "spacing").choice(one.get("spacing"), (None, 1, 2))
    if kind == FILE:
        return _check_media(one.get("file"), at / "file", ("attachment",))
    return _check_media(one.get("media"), at / "media", ("http", "https", "attachment"))


def _check_children(one: Any, at: Place, allowed: tuple[int, ...], most: int) -> bool:
    children = one.get("components")
    if not (at / "components").listing(children, 1, most):
        return False
    return all([_check(child, at / "components" / n, allowed) for n, child in enumerate(children)])


def _check_row(row: Any, at: Place) -> bool:
    if not _check_children(row, at, (BUTTON, *SELECTS), MAX_BUTTONS):
        return False
    if len(row["components"]) > 1 and any(one["type"] in SELECTS for one in row["components"]):
        return (at / "components").problem(
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "A select menu takes the whole width of its row"
        )
    return True


def check_button(button: Any, at: Place) -> bool:
    """Note what is wrong with a button: a link goes somewhere, every other one has a custom id."""
    style = button.get("style")
    fits = (at / "style").choice(style, (1, 2, 3, 4, LINK_STYLE, PREMIUM_STYLE))
    fits &= (at / "label").text(button.get("label"), 0, 80)
    fits &= (at / "disabled").boolean(button.get("disabled"))
    if style == PREMIUM_STYLE:
        return fits and (button.get("sku_id") is not None or (at / "sku_id").required())
    if not button.get("label") and not button.get("emoji"):
        fits = at.problem("BUTTON_COMPONENT_LABEL_REQUIRED", "A button must have a label or an emoji")
    if style == LINK_STYLE:
        if button.get("custom_id") is not None:
            fits = (at / "custom_id").problem(
                "BUTTON_COMPONENT_CUSTOM_ID_AND_URL", "A custom id and url cannot both be specified"
            )
        return fits and (at / "url").link(button.get("url") or "", ("http", "https", "discord"))
    if button.get("url") is not None:
        fits = (at / "url").problem("BUTTON_COMPONENT_INVALID_STYLE", "Only a link button may have a url")
    return (at / "custom_id").text(button.get("custom_id"), 1, 100) and fits


def check_select(select: Any, at: Place) -> bool:
    """Note what is wrong with a select: its options, and how many may be chosen."""
    fits = (at / "custom_id").text(select.get("custom_id"), 1, 100)
    fits &= (at / "placeholder").text(select.get("placeholder"), 0, 150)
    fits &= (at / "min_values").integer(select.get("min_values"), 0, MAX_OPTIONS)
    fits &= (at / "max_values").integer(select.get("max_values"), 1, MAX_OPTIONS)
    if select["type"] != STRING_SELECT:
        return fits
    options = select.get("options")
    if not (at / "options").listing(options, 1, MAX_OPTIONS):
        return False
    values = set()
    for n, option in enumerate(options):
        place = at / "options" / n
        if not place.table(option):
            return False
        fits &= (place / "label").text(option.get("label"), 1, 100)
        fits &= (place / "value").text(option.get("value"), 1, 100)
        fits &= (place / "description").text(option.get("description"), 0, 100)
        if option.get("value") in values:
            fits = (place / "value").problem(
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
            )
        values.add(option.get("value"))
    return fits


def _check_gallery(gallery: Any, at: Place) -> bool:
    items = gallery.get("items")
    if not (at / "items").listing(items, 1, 10):
        return False
    return all([_check_item(item, at / "items" / n) for n, item in enumerate(items)])


def _check_item(item: Any, at: Place) -> bool:
    if not at.table(item):
        return False
    (at / "description").text(item.get("description"), 0, 1024)
    return _check_media(item.get("media"), at / "media", ("http", "https", "attachment"))


def _check_media(media: Any, at: Place, schemes: tuple[str, ...]) -> bool:
    if not at.table(media):
        return False
    if not media.get("url"):
        return (at / "url").required()
    return (at / "url").link(media["url"], schemes)
