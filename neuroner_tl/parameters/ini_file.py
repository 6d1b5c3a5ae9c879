"""The one way to read an .ini file: its sections as pydantic models, checked, errors with lines.

Parameter files, definitions of studies and of silver corpora, and registries of downloads are all
read by `read_sections`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import (
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    NoReturn,
    Optional,
    TypeVar,
    get_args,
    get_origin,
)

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import nearest_hint, one_of
from neuroner_tl.parameters.ini_syntax import IniValue, read_ini
from neuroner_tl.parameters.ini_variables import expanded, refuse_variables, variables_of
from neuroner_tl.parameters.values import from_text

_FAULT = "fault"
_LONGEST_NAME = 50  # characters of a name that an error shows


class Section(BaseModel):
    """Base of the models of sections; the fields are the names that a section has.

    Values are text, in which commas separate the members of a tuple; an empty value is the
    default. A field's ``description`` says in errors which values it takes.

    >>> class Sizes(Section):
    ...     train: int = 10
    ...     kinds: tuple[str, ...] = ()
    >>> Sizes(train="20", kinds="a, b")
    Sizes(train=20, kinds=('a', 'b'))

    Attributes:
        former_names: names that are refused with the name of today.
        case_matters: whether a field is meant only by its name as it is written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    former_names: ClassVar[Mapping[str, str]] = {}
    case_matters: ClassVar[bool] = False

    @field_validator("*", mode="before")
    @classmethod
    def _from_text(cls, value: Any, info: ValidationInfo) -> Any:
        annotation = cls.model_fields[str(info.field_name)].annotation
        if not isinstance(value, str) or value in _choices(annotation):
            return value
        try:
            made = from_text(value, annotation)
        except ValueError:
            raise fault(
                repr(value), "a value without double quotes and control characters"
            ) from None
        return tuple(part for part in made if part) if isinstance(made, tuple) else made


class OpenSection(Section):
    """Base of the models of sections in which users choose names; those are ``own``, as text.

    >>> OpenSection(mesh="lexicon:mesh.txt").own
    {'mesh': 'lexicon:mesh.txt'}
    """

    model_config = ConfigDict(extra="allow")
    case_matters: ClassVar[bool] = True

    @property
    def own(self) -> dict[str, str]:
        """The values whose names are not fields, by name."""
        return dict(self.__pydantic_extra__ or {})


_Section = TypeVar("_Section", bound=Section)


def fault(found: str, expected: str, name: str = "") -> PydanticCustomError:
    """Return an error that a validator of a section may raise, in words for users.

    Args:
        found: what was found.
        expected: what was expected, and the remedy if it is not clear.
        name: the name in the section, for validators of whole models.
    """
    context = {"found": found, "expected": expected, "name": name}
    return PydanticCustomError(_FAULT, "found {found}, expected {expected}", context)


class _Read(NamedTuple):
    title: str
    section: Section


class IniFile:
    """The sections of a file.

    Example::

        file = read_sections(path, {"study": StudySection, "arm *": ArmSection}, "a study file")
        file.section(StudySection).name
        file.sections(ArmSection)["mine"].layers

    Attributes:
        path: the file.
        values: every value as text with its line, by section and name.
        variables: what each ``${NAME}`` of the file stands for, those that have a value.
    """

    def __init__(
        self,
        path: Path,
        values: Mapping[str, Mapping[str, IniValue]],
        variables: Mapping[str, str],
        read: Mapping[type[Section], Mapping[str, _Read]],
    ) -> None:
        self.path, self.values, self.variables = path, values, variables
        self._read = read

    def section(self, model: type[_Section]) -> _Section:
        """Return the section of a model that has one; with its defaults, if the file lacks it."""
        return self.sections(model)[""]

    def sections(self, model: type[_Section]) -> dict[str, _Section]:
        """Return the sections of a model that has several, by their names."""
        return {name: read.section for name, read in self._read[model].items()}  # type: ignore[misc]

    def values_of(self, model: type[Section], name: str = "") -> Mapping[str, IniValue]:
        """Return the values of a section as text, with their lines."""
        return self.values.get(self._read[model][name].title, {})

    def refuse(
        self, model: type[Section], option: str, found: str, expected: str, name: str = ""
    ) -> NoReturn:
        """Refuse a value that contradicts another one.

        Args:
            model: of the section.
            option: the name of the value.
            found: what was found.
            expected: what was expected.
            name: of the section, if there may be several.

        Raises:
            ParameterError: always, with the line of the value.
        """
        value = self.values_of(model, name).get(option)
        where = f"{self.path}:{value.line}" if value else str(self.path)
        raise ParameterError(f"{where}: {option}: found {found}, expected {expected}")


def read_sections(
    path: Path,
    models: Mapping[str, type[Section]],
    what: str,
    *,
    keep_case: bool = False,
    variables: Optional[Mapping[str, str]] = None,
    may_lack_variables: Optional[Mapping[type[Section], Optional[Collection[str]]]] = None,
    overridden: Collection[tuple[str, str]] = (),
) -> IniFile:
    """Read an .ini file.

    Args:
        path: the file.
        models: the model of each section by its title: ``study``; ``arm *`` for sections with a
            name of their own, such as ``[arm mine]``; ``*`` for any title.
        what: what errors call the file, such as ``a study file``.
        keep_case: whether names that users choose are as the file has them, not in lower case.
        variables: what ``${NAME}`` stands for, before the environment is asked; None if the file
            has no variables.
        may_lack_variables: models of sections in which a ``${NAME}`` without a value may stay, and
            in which of their values; None for any of them.
        overridden: section and name of values that are not read, since the caller has others.

    Raises:
        ParameterError: the file cannot be read; a section or name is unknown or missing; a value
            is wrong. The message names file and line, and what is spelt like it.
    """
    section = "mode" if "*" in models else next(iter(models))
    values = read_ini(path, what, keep_case=keep_case, section=section)
    _check_titles(path, values, models, what)
    for title, option in overridden:
        values.get(title, {}).pop(option, None)
    used: dict[str, str] = {}
    if variables is not None:
        used = variables_of(values, variables)
        values = expanded(values, used)
    places = _places(path, values, models)
    read: dict[type[Section], dict[str, _Read]] = {model: {} for model in models.values()}
    for title, model in models.items():
        if "*" not in title:
            places.setdefault(title, (model, ""))
    for title, (model, name) in places.items():
        found = values.get(title, {})
        may_lack = () if may_lack_variables is None else may_lack_variables.get(model, ())
        if variables is not None and may_lack is not None:
            refuse_variables(path, {n: v for n, v in found.items() if n not in may_lack})
        read[model][name] = _Read(title, _section(path, title, model, found))
    return IniFile(path, values, used, read)


def _check_titles(path: Path, titles: Collection[str], models: Collection[str], what: str) -> None:
    """Refuse a file of another kind: one that has no section, or none that it may have."""
    if "*" in models:
        return
    if not titles:
        raise ParameterError(
            f"{path}: found no section, expected {what}, which has sections such as "
            f"[{next(iter(models))}]; give the path of one (.ini)"
        )
    heads = {known.partition(" ")[0] for known in models}
    found = [title.partition(" ")[0] for title in titles]
    if heads.isdisjoint(found) and not any(nearest_hint(head, heads) for head in found):
        shown = ", ".join(f"[{title}]" for title in titles)
        raise ParameterError(
            f"{path}: found the section{'s' * (len(titles) > 1)} {shown}, "
            f"expected {what}, whose sections are {', '.join(_shown_titles(models).values())}; "
            "give the path of one"
        )


def _shown_titles(models: Iterable[str]) -> dict[str, str]:
    """Return the titles that a file may have as errors show them, by their first word."""
    return {known.partition(" ")[0]: f"[{known.replace('*', 'NAME')}]" for known in models}


def _places(
    path: Path, titles: Iterable[str], models: Mapping[str, type[Section]]
) -> dict[str, tuple[type[Section], str]]:
    """Return the place of each section; refuse two that differ in their white space alone."""
    places: dict[str, tuple[type[Section], str]] = {}
    first: dict[tuple[type[Section], str], str] = {}
    for title in titles:
        place = places[title] = _place(path, title, models)
        if first.setdefault(place, title) != title:
            raise ParameterError(
                f"{path}: found the sections [{first[place]}] and [{title}], expected each section "
                "once; put their values together, or rename one"
            )
    return places


def _place(
    path: Path, title: str, models: Mapping[str, type[Section]]
) -> tuple[type[Section], str]:
    """Return the model of a section, and its name if there may be several."""
    head, _, name = title.partition(" ")
    name = name.strip()
    if title in models and title != "*":
        return models[title], ""
    if name and f"{head} *" in models:
        return models[f"{head} *"], name
    if "*" in models:
        return models["*"], title
    shown = _shown_titles(models)
    raise ParameterError(
        f"{path}: found the section [{title}], expected one of {', '.join(shown.values())}"
        f"{nearest_hint(head, shown, shown.__getitem__)}"
    )


def _section(
    path: Path, title: str, model: type[_Section], values: Mapping[str, IniValue]
) -> _Section:
    fields = model.model_fields
    is_open = issubclass(model, OpenSection)
    given: dict[str, str] = {}
    lines: dict[str, IniValue] = {}
    for option, value in values.items():
        name = option if option in fields or model.case_matters else option.lower()
        if name in model.former_names:
            raise ParameterError(
                f"{path}:{value.line}: {option}: found a former name in [{title}], expected "
                f"{model.former_names[name]}; rename it"
            )
        if name not in fields and not is_open:
            raise ParameterError(
                f"{path}:{value.line}: {option}: found an unknown name in [{title}], expected "
                f"{one_of(name, fields)}"
            )
        name = name if name in fields else option
        if name in lines:
            raise ParameterError(
                f"{path}:{value.line}: {option}: found a second {name} in [{title}], expected "
                "each name once; remove one of the two lines"
            )
        lines[name] = value
        if value.text or name not in fields:
            given[name] = value.text
    try:
        return model(**given)
    except ValidationError as error:
        message = _explain(path, title, model, lines, error.errors()[0])
    raise ParameterError(message)


def _explain(
    path: Path,
    title: str,
    model: type[Section],
    values: Mapping[str, IniValue],
    first: ErrorDetails,
) -> str:
    """Return one line about a problem that pydantic found, in our words."""
    context = first.get("ctx", {})
    option = str(first["loc"][0]) if first["loc"] else str(context["name"])
    where = f"{path}:{values[option].line}" if option in values else str(path)
    shown = option if len(option) <= _LONGEST_NAME else f"{option[:_LONGEST_NAME]}..."
    if first["type"] == "missing":
        return f"{where}: found no {option} in [{title}], expected `{option} = ...`; add the line"
    if first["type"] == _FAULT:
        return f"{where}: {shown}: found {context['found']}, expected {context['expected']}"
    field = model.model_fields.get(option)
    found = values[option].text
    if first["type"] == "literal_error" and field is not None:
        found = str(first["input"])
        expected = one_of(found, _choices(field.annotation))
    elif field is not None and field.description:
        expected = field.description
    elif first["type"].startswith("bool"):
        expected = "True or False"
    else:
        expected = first["msg"].replace("Input should", "it to").replace("Value error, ", "")
    has_default = field is not None and not field.is_required()
    remedy = f"correct it{', or remove the line for the default' * has_default}"
    return f"{where}: {option}: found {found!r}, expected {expected}; {remedy}"


def _choices(annotation: Any) -> tuple[str, ...]:
    """Return the texts that a type names, itself or in one that it is made of."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(choice for part in get_args(annotation) for choice in _choices(part))
