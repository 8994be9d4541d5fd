"""Every language says everything, and Discord takes what it calls our commands."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from cogs.catalog import ROOT, collect, faults, idle_bot, read, sources, template, update
from cogs.command_sync import payload_of
from cogs.i18n.extraction import Found, NotLiteral, extract, in_source
from cogs.i18n.language import LOCALES, language_of, languages

FILES = sorted(LOCALES.glob("*.po"))
# Discord's own rule for a name, apart from the two scripts it names, which count as letters here already.
NAME = re.compile(r"^[-_'\w]{1,32}$")
MENU = re.compile(r"^\S(.{0,30}\S)?$")
CHAT, SUB_COMMAND, SUB_GROUP = 1, 1, 2


@pytest.fixture
async def payloads() -> list[dict[str, Any]]:
    """Every command as Discord is told of it."""
    async with idle_bot() as bot:
        commands = [command for command in bot.tree.get_commands()]
        return [await payload_of(command, bot.tree) for command in commands]


def words(text: str) -> list[Any]:
    """Return what the extraction finds in a piece of source."""
    return [message for _, _, message, _ in extract(io.BytesIO(text.encode()), {}, (), {})]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_nothing_is_missing_doubtful_or_left_over_in_a_language(path: Path) -> None:
    """When this fails: run `python -m cogs.catalog`, and translate what it lists."""
    assert list(faults(read(path), await collect())) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_every_template_of_a_language_fills_in(path: Path) -> None:
    say, filled = language_of(path.stem), 0
    for message in read(path):
        if message.id and not message.context:
            one, *many = [message.id] if isinstance(message.id, str) else message.id
            values = dict.fromkeys(re.findall(r"\{(\w+)\}", " ".join([one, *many])), "7")
            values.pop("count", None) if many else None
            assert "{" not in (say.plural(one, many[0], 7, **values) if many else say(one, **values)).replace("{}", "")
            filled += 1
    assert filled > 100


def test_italian_has_its_own_quotation_marks() -> None:
    texts = [form for message in read(LOCALES / "it.po") for form in forms_of(message.string)]
    assert [text for text in texts if set(text) & set("“”")] == []


def forms_of(translated: Any) -> tuple[str, ...]:
    """Return the forms of a translation; only of a plural there are several."""
    return translated if isinstance(translated, tuple) else (translated,)


def test_the_languages_are_the_files() -> None:
    assert [say.tag for say in languages()] == ["en-US", *(path.stem for path in FILES)]


class TestExtraction:
    def test_it_finds_what_is_said(self) -> None:
        source = 'say("a"); self._say("b", x=1); say.plural("{count} c", "{count} cs", n); locale_str("d")'
        assert words(source) == ["a", "b", ("{count} c", "{count} cs"), ("choice", "d")]

    def test_it_finds_sentences_and_errors(self) -> None:
        source = 'Sentence("a"); Sentence("b", {}, "bs"); Sentence("c", plural="cs"); raise LimitError("d", x=1)'
        assert words(source) == ["a", ("b", "bs"), ("c", "cs"), "d"]

    def test_it_finds_what_a_value_of_the_configuration_has_to_be(self) -> None:
        assert words('Meta(pattern="x", description="a server"); Meta(ge=1)') == ["a server"]

    def test_it_finds_both_of_a_choice(self) -> None:
        assert words('say("yes" if good else "no")') == ["yes", "no"]

    def test_other_calls_are_left_alone(self) -> None:
        assert words('print("a"); essay("b"); f(say)("c"); LimitError(sentence); ValueError("d")') == []

    @pytest.mark.parametrize("source", ['say(f"{x}")', 'LimitError(f"a {x}")', "say(text)", 'Sentence("a" + b)'])
    def test_a_text_that_is_put_together_is_refused(self, source: str) -> None:
        with pytest.raises(NotLiteral, match="literal"):
            words(source)

    def test_the_refusal_names_the_file_and_the_line(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text('\nsay(f"{x}")\n')
        with pytest.raises(NotLiteral, match=r"^a\.py:2: "):
            list(in_source(tmp_path, [tmp_path / "a.py"]))

    def test_it_reads_every_file_with_words_for_people(self) -> None:
        names = {path.relative_to(ROOT).as_posix() for path in sources()}
        assert {"bot.py", "cogs/info/queue.py", "studio/store/jobs.py"} <= names


class TestFaults:
    @pytest.mark.parametrize(
        ("english", "translated", "fault"),
        [
            ("a {b}", "x {b}", None),
            ("a {b}", "", "not translated"),
            ("a {b}", "x", "other {fields}"),
            ("a {b}", "x {c}", "other {fields}"),
            ("a {b}", "x {b.__class__}", "other {fields}"),
            ("a {b}", "x {b!r}", "other {fields}"),
            ("a {b}", "x {b", "other {fields}"),
            (("{count} a", "{count} as"), ("una x", "{count} xx"), None),
            (("one a", "{count} as"), ("una {count} x", "{count} xx"), None),
            (("{count} a", "{count} as"), ("{count} x", ""), "not translated"),
            (("{count} a", "{count} as"), ("{count} x",), "2 plural forms"),
            (("one a", "{count} as"), ("una {n}", "{count} xx"), "other {fields}"),
        ],
    )
    def test_a_translation_fits_its_text_or_is_reported(self, english: Any, translated: Any, fault: str | None) -> None:
        current, catalogue = template([Found(english, "a.py")]), Catalog(locale="it")
        catalogue.add(english, translated)
        found = list(faults(catalogue, current))
        assert [fault in line for line in found] == [True] if fault else found == []

    def test_what_is_missing_fuzzy_or_not_said_any_more_is_reported(self) -> None:
        current, catalogue = template([Found("new", "a.py"), Found("doubtful", "a.py")]), Catalog(locale="it")
        catalogue.add("doubtful", "incerto", flags={"fuzzy"})
        catalogue.add("old", "vecchio")
        found = "\n".join(faults(catalogue, current))
        assert "not in the file: “new”" in found
        assert "marked as fuzzy: “doubtful”" in found
        assert "not said any more: “old”" in found

    def test_a_command_goes_by_the_name_that_the_member_sees(self) -> None:
        texts = [Found("queue", "a.py", "name of a command"), Found("Cancel it with /queue.", "a.py")]
        for translated, good in (("Annullala con /coda.", True), ("Annullala con /queue.", False)):
            catalogue = Catalog(locale="it")
            catalogue.add("queue", "coda", context="name of a command")
            catalogue.add("Cancel it with /queue.", translated)
            assert (not list(faults(catalogue, template(texts)))) is good

    def test_an_update_keeps_translations_and_sets_old_ones_aside_for_one_run(self, tmp_path: Path) -> None:
        path = tmp_path / "it.po"
        path.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n')
        update(
            path, template([Found("kept", "a.py"), Found("frames", "a.py", "name of an option"), Found("old", "b.py")])
        )
        path.write_text(path.read_text().replace('"kept"\nmsgstr ""', '"kept"\nmsgstr "tenuto"'))
        shorter = template([Found("kept", "a.py"), Found("frames", "a.py", "name of an option")])
        update(path, shorter)
        assert (read(path).get("kept").string, list(read(path).obsolete)) == ("tenuto", ["old"])
        update(path, shorter)
        assert list(read(path).obsolete) == []

    def test_what_is_said_again_has_its_translation_back(self, tmp_path: Path) -> None:
        path = tmp_path / "it.po"
        path.write_text(
            'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n#~ msgid "old"\n#~ msgstr "vecchio"\n'
        )
        update(path, template([Found("old", "a.py")]))
        assert (read(path).get("old").string, list(read(path).obsolete)) == ("vecchio", [])


def labels() -> Iterator[tuple[str, int]]:
    """Yield the words on buttons and in forms, without values, each with how long Discord lets it be."""
    for path in sorted((ROOT / "cogs").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            in_form = called.split(".")[-1].split("[")[0] in ("TextInput", "Field", "Label")
            longest = {"label": 45 if in_form else 80, "title": 45, "placeholder": 100}
            for keyword in node.keywords if isinstance(node, ast.Call | ast.ClassDef) else ():
                value = keyword.value.body if isinstance(keyword.value, ast.Lambda) else keyword.value
                if keyword.arg in longest and isinstance(value, ast.Call) and (text := said(value)) is not None:
                    yield text, longest[keyword.arg]


def said(call: ast.Call) -> str | None:
    """Return the text of `say("…")` without values, None of any other call."""
    match call:
        case ast.Call(func=ast.Name(id="say"), args=[ast.Constant(value=str(text))], keywords=[]):
            return text
    return None


def test_the_words_on_buttons_and_in_forms_fit_in_every_language() -> None:
    found = list(labels())
    assert {("The stages of your giro", 45), ("Remix", 80)} <= set(found)
    assert [(say(text), most) for say in languages() for text, most in found if len(say(text)) > most] == []


class TestCommandsInEveryLanguage:
    async def test_names_are_what_discord_takes(self, payloads: list[dict[str, Any]]) -> None:
        for command in payloads:
            rule = NAME if command["type"] == CHAT else MENU
            for name in spellings(command, "name"):
                assert rule.match(name), name
        for part in (part for command in payloads if command["type"] == CHAT for part in [command, *parts(command)]):
            for name in spellings(part, "name"):
                assert NAME.match(name) and name == name.lower(), name

    async def test_descriptions_fit(self, payloads: list[dict[str, Any]]) -> None:
        for part in (part for command in payloads if command["type"] == CHAT for part in [command, *parts(command)]):
            assert all(1 <= len(text) <= 100 for text in spellings(part, "description")), part["name"]

    async def test_no_two_of_a_kind_have_one_name(self, payloads: list[dict[str, Any]]) -> None:
        siblings = [[c for c in payloads if c["type"] == kind] for kind in {c["type"] for c in payloads}]
        siblings += [part.get("options", []) for c in payloads for part in [c, *parts(c)]]
        for say in languages():
            for group in siblings:
                names = [part.get("name_localizations", {}).get(say.tag, part["name"]) for part in group]
                assert len(names) == len(set(names)), (say.tag, names)

    async def test_a_command_is_not_longer_than_discord_takes(self, payloads: list[dict[str, Any]]) -> None:
        for command in payloads:
            for say in languages():
                assert sum(map(len, texts(command, say.tag))) <= 8000, (command["name"], say.tag)

    async def test_an_italian_finds_the_queue_as_coda(self, payloads: list[dict[str, Any]]) -> None:
        queue = next(command for command in payloads if command["name"] == "queue")
        assert queue["name_localizations"] == {"it": "coda"}
        assert queue["description_localizations"]["it"].startswith("Che cosa è in lavorazione")


def parts(command: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the options and subcommands of a command, and theirs."""
    for option in command.get("options", []):
        yield option
        yield from parts(option)


def spellings(part: dict[str, Any], key: str) -> list[str]:
    """Return a name or description in every language."""
    return [part[key], *(part.get(f"{key}_localizations") or {}).values()]


def texts(command: dict[str, Any], tag: str) -> Iterator[str]:
    """Yield what Discord counts of a command in one language."""
    for part in [command, *parts(command)]:
        for key in ("name", "description"):
            yield (part.get(f"{key}_localizations") or {}).get(tag, part.get(key, ""))
        for choice in part.get("choices", []):
            yield (choice.get("name_localizations") or {}).get(tag, choice["name"])
            yield str(choice["value"])
