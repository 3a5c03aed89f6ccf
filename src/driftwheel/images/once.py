"""A property that is worked out when first asked for and then kept, with no lock.

`functools.cached_property` of Python 3.11 holds one lock for all objects of a class while it works, so that
two threads that measure two images wait for each other; Python 3.12 took it out. Objects here belong to
one thread each and need none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

__all__ = ["once"]

Value_co = TypeVar("Value_co", covariant=True)


class once(Generic[Value_co]):  # noqa: N801 - a decorator, named as `property` is
    """Make a method a property whose value replaces it in the object.

    Examples
    --------
    >>> class Square:
    ...     side = 3
    ...     @once
    ...     def area(self) -> int:
    ...         print("working")
    ...         return self.side**2
    >>> square = Square()
    >>> square.area, square.area
    working
    (9, 9)
    """

    def __init__(self, work: Callable[[Any], Value_co]) -> None:
        self._work = work
        self.__doc__ = work.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value_co: ...

    def __get__(self, instance: object | None, owner: type) -> Self | Value_co:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._work(instance)
        return value
