"""Quantities in settings: written with their unit ("20 ps", "310 K"), read back the same."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

if TYPE_CHECKING:
    import pint

NM_TO_A, A_TO_NM = 10.0, 0.1
KJ_PER_KCAL = 4.184  # thermochemical
# One number with a decimal point, and the units. pint alone computes what it is given: it drops commas, and
# multiplies what stands side by side, so that "298,15 K" is 29815 K and "1 500 ps" is 500 ps.
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_UNIT = r"(?:[^\W\d_]+|°[CF])(?: ?(?:\^|\*\*) ?-?\d)?"
WRITTEN = re.compile(rf"({_NUMBER}) *((?:/ ?)?{_UNIT}(?: ?[/* ] ?{_UNIT})*)")
LARGEST = 1e18  # of any unit of a setting; beyond it stand "Ps" for "ps" and the like


@cache
def registry() -> pint.UnitRegistry[Any]:
    """Return the one registry of units; made at first use, since it is slow to make."""
    import pint

    return pint.UnitRegistry()


def _parsed(text: str) -> Any:
    """Return a text as a quantity of pint.

    Raises
    ------
    ValueError
        If it is not one number and units.
    """
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not one number with a unit")
    number, unit = found.groups()
    return registry().Quantity(float(number), registry().parse_units(f"1{unit}" if unit[0] == "/" else unit))


@lru_cache(maxsize=1024)  # asked for again and again while simulating
def _value_in(text: str, unit: str) -> float:
    return float(_parsed(text).m_as(unit))


class Quantity:
    """A number with a unit, as people write it.

    Parameters
    ----------
    text : str
        For instance ``"20 ps"``.

    Raises
    ------
    ValueError
        If it is not one number and units; what pint raises if the units are none.
    """

    __slots__ = ("_quantity", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._quantity: Any = _parsed(text)

    def value_in(self, unit: str) -> float:
        """Return the number in `unit`."""
        return _value_in(self.text, unit)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Quantity({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and bool(self._quantity == other._quantity)

    def __hash__(self) -> int:
        return hash(self._quantity)


class Measure:
    """Pydantic annotation: the field is a quantity above a lower bound in the given unit.

    Parameters
    ----------
    unit : str
        A unit of the dimension that the field must have.
    above : float
        The value, in `unit`, that the field must exceed.
    """

    def __init__(self, unit: str, above: float = 0.0) -> None:
        self.unit = unit
        self.above = above

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "string",
            "description": f"above {self.above:g} {self.unit}",
            "examples": [f"1 {self.unit}"],
        }

    def _validate(self, value: Any) -> Quantity:
        if isinstance(value, Quantity):
            quantity = value
        elif isinstance(value, str):
            try:
                quantity = Quantity(value)
            except Exception as error:  # pint raises tokenizer, attribute and type errors alike
                point = ": write a decimal point" if "," in value else ""
                raise ValueError(f"{value!r} is not a quantity such as '1 {self.unit}'{point}") from error
        else:
            raise ValueError(f"{value!r} has no unit: write it as '{value} {self.unit}'")
        try:
            number = quantity.value_in(self.unit)
        except Exception as error:
            raise ValueError(f"{str(quantity)!r} cannot be expressed in {self.unit}") from error
        if not number > self.above:
            raise ValueError(f"{str(quantity)!r} must be above {self.above:g} {self.unit}")
        if not number < LARGEST:
            raise ValueError(f"{str(quantity)!r} is {number:g} {self.unit}, more than can be meant")
        return quantity


Time = Annotated[Quantity, Measure("ps")]
Duration = Annotated[Quantity, Measure("ps", above=-1e-12)]
WallTime = Annotated[Quantity, Measure("s")]
Temperature = Annotated[Quantity, Measure("K")]
Length = Annotated[Quantity, Measure("angstrom")]
Rate = Annotated[Quantity, Measure("1/ps")]
Mass = Annotated[Quantity, Measure("amu")]
Pressure = Annotated[Quantity, Measure("bar")]
Stiffness = Annotated[Quantity, Measure("kJ/mol/nm^2")]
Concentration = Annotated[Quantity, Measure("mol/l", above=-1e-12)]
