"""Every kind of wrong value gets a sentence that says where it is and what is allowed there."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from engine.sentence import Sentence
from engine.validation import explain


class Cat(msgspec.Struct, tag="cat", forbid_unknown_fields=True):
    lives: Annotated[int, Meta(ge=1, le=9)] = 9


class Dog(msgspec.Struct, tag="dog", forbid_unknown_fields=True):
    def __post_init__(self):
        raise ValueError("dogs are not taken")


class House(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    number: Annotated[int, Meta(ge=1)]
    warmth: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    storeys: Annotated[int, Meta(multiple_of=2)] = 2
    open: bool = True
    colour: Literal["red", "green"] = "red"
    name: Annotated[str, Meta(min_length=1, max_length=5)] = "Home"
    code: Annotated[str, Meta(pattern=r"^\d+$", description="digits such as 123")] = "1"
    plain_code: Annotated[str, Meta(pattern=r"^\d+$")] = "1"
    rooms: Annotated[tuple[int, ...], Meta(min_length=1, max_length=2)] = (1,)
    pet: Cat | Dog | None = None
    guests: dict[Annotated[str, Meta(min_length=1)], Cat] = {}
    shelves: list[Annotated[int, Meta(le=3)]] = []
    note: Annotated[int, Meta(ge=1, le=5)] | None = None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"number": 0}, "number must be at least 1."),
        ({"number": "x"}, "number must be a whole number, at least 1, not text."),
        ({"number": 1.5}, "number must be a whole number, at least 1, not a number."),
        ({"warmth": 1.0}, "warmth must be above 0 and below 1."),
        ({"storeys": 3}, "storeys must be a multiple of 2."),
        ({"open": "yes"}, "open must be true or false, not text."),
        ({"colour": "blue"}, "colour must be one of green, red, not 'blue'."),
        ({"colour": 1}, "colour must be one of green, red, not a whole number."),
        ({"name": ""}, "name must not be empty."),
        ({"name": "Castle"}, "name may have at most 5 characters."),
        ({"code": "x"}, "code must be digits such as 123."),
        ({"plain_code": "x"}, r"plain_code must match ^\\d+$."),
        ({"rooms": []}, "rooms must have at least 1 entry."),
        ({"rooms": [1, 2, 3]}, "rooms may have at most 2 entries."),
        ({"rooms": ["x"]}, "rooms[0] must be a whole number, not text."),
        ({"shelves": [1, 4]}, "shelves[1] must be at most 3."),
        ({"pet": {"type": "cow"}}, "pet.type must be one of cat, dog, not 'cow'."),
        ({"pet": {"type": "dog"}}, "pet: Dogs are not taken."),
        ({"pet": {"type": "cat", "lives": 10}}, "pet.lives must be between 1 and 9."),
        ({"guests": {"tom": {"type": "cat"}, "kit": {"type": "cat", "lives": 0}}}, "guests.kit.lives must be between"),
        ({"guests": {"": {"type": "cat"}}}, "guests: a key there must not be empty."),
        ({"guests": 3}, "guests must be a table of keys and values, not a whole number."),
        ({"note": "x"}, "note must be a whole number between 1 and 5, not text."),
        ({"colou": 1}, "The house has an unknown key `colou`; it knows colour, "),
    ],
)
def test_the_sentence_says_where_and_what_is_allowed(change, sentence):
    value = {"number": 1, **change}
    with pytest.raises(msgspec.ValidationError) as fault:
        msgspec.convert(value, House)
    assert str(explain(fault.value, House, Sentence("The house"), value)).startswith(sentence)


def test_a_missing_key_is_named():
    with pytest.raises(msgspec.ValidationError) as fault:
        msgspec.convert({}, House)
    assert str(explain(fault.value, House, Sentence("The house"))) == "The house lacks `number`."


def test_without_the_value_a_tables_key_stays_open():
    value = {"number": 1, "guests": {"kit": {"type": "cat", "lives": 0}}}
    with pytest.raises(msgspec.ValidationError) as fault:
        msgspec.convert(value, House)
    assert str(explain(fault.value, House, Sentence("The house"))) == "guests[...].lives must be between 1 and 9."


def test_a_value_that_is_no_table_at_all_is_called_by_its_name():
    with pytest.raises(msgspec.ValidationError) as fault:
        msgspec.convert([], House)
    assert (
        str(explain(fault.value, House, Sentence("The house")))
        == "The house must be a table of keys and values, not a list."
    )


@pytest.mark.parametrize(
    ("change", "report"),
    [
        ({"number": 0}, "Expected `int` >= 1 - at `$.number`"),
        ({"warmth": 0.0}, "Expected `float` > 0.0 - at `$.warmth`"),
        ({"shelves": [4]}, "Expected `int` <= 3 - at `$.shelves[0]`"),
        ({"number": "x"}, "Expected `int`, got `str` - at `$.number`"),
        ({"note": "x"}, "Expected `int | null`, got `str` - at `$.note`"),
        ({"storeys": 3}, "Expected `int` that's a multiple of 2 - at `$.storeys`"),
        ({"colour": "blue"}, "Invalid enum value 'blue' - at `$.colour`"),
        ({"name": ""}, "Expected `str` of length >= 1 - at `$.name`"),
        ({"name": "Castle"}, "Expected `str` of length <= 5 - at `$.name`"),
        ({"plain_code": "x"}, r"Expected `str` matching regex '^\\d+$' - at `$.plain_code`"),
        ({"rooms": []}, "Expected `array` of length >= 1 - at `$.rooms`"),
        ({"rooms": [1, 2, 3]}, "Expected `array` of length <= 2 - at `$.rooms`"),
        ({"pet": {"type": "cow"}}, "Invalid value 'cow' - at `$.pet.type`"),
        ({"pet": {"type": "dog"}}, "dogs are not taken - at `$.pet`"),
        ({"guests": {"tom": {"type": "cat", "lives": 0}}}, "Expected `int` >= 1 - at `$.guests[...].lives`"),
        ({"guests": {"": {"type": "cat"}}}, "Expected `str` of length >= 1 - at `key` in `$.guests`"),
        ({"colou": 1}, "Object contains unknown field `colou`"),
        ({"pet": {"type": "cat", "live": 1}}, "Object contains unknown field `live` - at `$.pet`"),
    ],
)
def test_msgspec_words_its_reports_as_they_are_read(change, report):
    """If only this fails, msgspec has changed its words: `engine.validation` has to learn them first."""
    with pytest.raises(msgspec.ValidationError) as fault:
        msgspec.convert({"number": 1, **change}, House)
    assert str(fault.value) == report
