"""Small faults put into a module's source, one at a time.

Left alone, because no test should depend on them: docstrings and other strings, annotations,
decorators, calls of the logger, what a ``raise`` says (not the ``raise`` itself), ``__repr__``.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Optional, Union

_COMPARISONS = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_BOOLEAN = {ast.And: ast.Or, ast.Or: ast.And}
_DELETED = (ast.Assign, ast.AugAssign, ast.Expr, ast.Raise, ast.Continue, ast.Break, ast.Delete)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SKIPPED_FIELDS = {"annotation", "returns", "decorator_list", "bases", "keywords_of_class"}


@dataclass(frozen=True)
class Mutant:
    """A module's source with one fault.

    Attributes:
        operator: kind of the fault, such as ``comparison``.
        where: qualified name of the function or class, ``<module>`` outside of them.
        before: the code as it is, shortened.
        after: the code with the fault, shortened.
        nth: number among the module's mutants that agree in all of the above, from 0.
        line: line in the source as it is.
        source: the whole source with the fault.
    """

    operator: str
    where: str
    before: str
    after: str
    nth: int
    line: int
    source: str

    @property
    def key(self) -> str:
        """What the mutant is called: stable as long as its own line does not change."""
        return f"{self.where}: {self.operator}: {self.before} -> {self.after} #{self.nth}"


class _Place(NamedTuple):
    parent: ast.AST
    field: str
    index: Optional[int]

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


class _Candidate(NamedTuple):
    operator: str
    where: str
    node: ast.AST
    new: ast.AST
    place: _Place


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module, in the order of the source."""
    tree = ast.parse(source)
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for operator, where, node, new, place in list(_visit(tree, ())):
        new = ast.fix_missing_locations(ast.copy_location(new, node))
        name = (operator, where, _short(node), _short(new))
        place.put(new)
        mutated = ast.unparse(tree)
        place.put(node)
        yield Mutant(*name, seen[name], getattr(node, "lineno", 0), mutated)
        seen[name] += 1


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 120 else text[:117] + "..."


def _visit(node: ast.AST, scope: tuple[str, ...]) -> Iterator[_Candidate]:
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        scope = (*scope, node.name)
        if node.name == "__repr__":
            return
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED_FIELDS or (isinstance(node, ast.ClassDef) and field != "body"):
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_left_alone(child):
                continue
            place = _Place(node, field, index if isinstance(value, list) else None)
            where = ".".join(scope) or "<module>"
            default = isinstance(node, ast.arguments)
            inside = field == "body" and isinstance(node, _BODIES) and bool(scope)
            for operator, new in _faults(child, default, inside or field in _OTHER_BODIES):
                yield _Candidate(operator, where, child, new, place)
            if not isinstance(child, ast.Raise):
                yield from _visit(child, scope)


_BODIES = (*_FUNCTIONS, ast.If, ast.For, ast.While, ast.With, ast.Try, ast.ExceptHandler)
_OTHER_BODIES = {"orelse", "finalbody"}


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return True
    if not isinstance(node, ast.Expr):
        return False
    value = node.value
    if isinstance(value, ast.Constant):
        return True  # a docstring
    function = value.func if isinstance(value, ast.Call) else None
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id in ("logger", "logging", "warnings")
    )


def _faults(node: ast.AST, default: bool, statement: bool) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            ops = [*node.ops]
            ops[index] = _COMPARISONS[type(operator)]()
            yield "comparison", ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield "arithmetic", ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC:
        yield "arithmetic", ast.AugAssign(node.target, _ARITHMETIC[type(node.op)](), node.value)
    elif isinstance(node, ast.BoolOp):
        yield "boolean", ast.BoolOp(_BOOLEAN[type(node.op)](), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "boolean", node.operand
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "arithmetic", node.operand
    elif isinstance(node, ast.Constant):
        for value in _other_values(node.value):
            yield "default" if default else "constant", ast.Constant(value)
    elif isinstance(node, ast.Return) and not _is_none(node.value):
        yield "return value", ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Slice):
        yield from _slice_faults(node)
    if isinstance(node, (ast.If, ast.While, ast.IfExp)) and not _is_equality(node.test):
        yield "condition", _negated(node)
    elif isinstance(node, ast.comprehension):
        for index, test in enumerate(node.ifs):
            if not _is_equality(test):
                ifs = [*node.ifs]
                ifs[index] = ast.UnaryOp(ast.Not(), test)
                new = ast.comprehension(node.target, node.iter, ifs, node.is_async)
                yield "condition", new
    if statement and (isinstance(node, _DELETED) or _is_none_return(node)):
        yield "deleted statement", ast.Pass()


def _other_values(value: object) -> list[Union[bool, int, float]]:
    if isinstance(value, bool):
        return [not value]
    return [value + 1, value - 1] if isinstance(value, (int, float)) else []


def _slice_faults(node: ast.Slice) -> Iterator[tuple[str, ast.AST]]:
    one = ast.Constant(1)
    if not isinstance(node.lower, ast.Constant):
        lower = ast.BinOp(node.lower, ast.Add(), one) if node.lower else one
        yield "slice", ast.Slice(lower, node.upper, node.step)
    if not isinstance(node.upper, ast.Constant):
        upper: ast.expr = ast.UnaryOp(ast.USub(), one)
        if node.upper is not None:
            upper = ast.BinOp(node.upper, ast.Sub(), one)
        yield "slice", ast.Slice(node.lower, upper, node.step)


def _negated(node: Union[ast.If, ast.While, ast.IfExp]) -> ast.AST:
    test = ast.UnaryOp(ast.Not(), node.test)
    if isinstance(node, ast.IfExp):
        return ast.IfExp(test, node.body, node.orelse)
    return type(node)(test, node.body, node.orelse)


def _is_equality(test: ast.expr) -> bool:
    """Whether the comparison operator already negates it, or ``not`` is taken away."""
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not)
    opposites = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
    return (
        isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], opposites)
    )


def _is_none(node: Optional[ast.expr]) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _is_none_return(node: ast.AST) -> bool:
    return isinstance(node, ast.Return) and _is_none(node.value)
