"""What requests may say: every model refuses what it does not know, and numbers are texts of plain digits."""

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from core.numbers import parse_number
from models.errors import BadOrder

T = TypeVar("T")


class Strict(BaseModel):
    """Takes the fields it names, in the types it names, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _number(text: str) -> Decimal:
    try:
        return parse_number(text)
    except BadOrder as e:
        raise ValueError("expected a number above zero in plain digits, such as 0.5") from e


Number = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$", max_length=25),
    AfterValidator(_number),
]
"""A size or price: text in, `Decimal` out; read it with `as_decimal`."""
NumberOrZero = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$", max_length=25),
    AfterValidator(Decimal),
]
Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:/_.\-]{1,30}$")]
Venue = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,20}$")]
AccountWord = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,10}$")]
OrderId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
ConfirmToken = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{16,64}$")]


def as_decimal(value: object) -> Decimal:
    """Return what `Number` validates to, in the type that it has."""
    assert isinstance(value, Decimal)
    return value


class Where(Strict):
    """Which account a request is about; what is left out is the user's own choice."""

    exchange: Annotated[Venue | None, Field(examples=["bybit"])] = None
    account_type: Annotated[AccountWord | None, Field(examples=["paper"])] = None


Model = TypeVar("Model", bound=BaseModel)


class Query(Generic[Model]):
    """Reads a request's query into a model, several times as fast as FastAPI's own way, and strictly: each name once.

    A route that depends on it takes its place in the API document by `asks`.
    """

    def __init__(self, model: type[Model]) -> None:
        self._model = model

    async def __call__(self, request: Request) -> Model:
        """Return what was asked.

        Raises:
            RequestValidationError: It is no such query.
        """
        pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        values = dict(pairs)
        try:
            if len(values) != len(pairs):
                raise PydanticCustomError("said_twice", "a name is said twice")
            return self._model.model_validate(values)
        except ValidationError as e:
            raise RequestValidationError([{**row, "loc": ("query", *row["loc"])} for row in e.errors()]) from e
        except PydanticCustomError as e:
            raise RequestValidationError([{"loc": ("query",), "msg": e.message(), "type": e.type}]) from e


def asks(model: type[BaseModel]) -> dict[str, Any]:
    """Return how the API document describes a query."""
    schema = model.model_json_schema()
    return {
        "parameters": [
            {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": row}
            for name, row in schema["properties"].items()
        ]
    }


class Problem(BaseModel):
    """What went wrong."""

    kind: str
    code: str
    message: str
    fields: dict[str, Any]


class Envelope(BaseModel, Generic[T]):
    """Every answer. `success` is null while nobody knows whether an order was taken."""

    success: bool | None
    data: T | None
    error: Problem | None
    source: str | None = None
    """Of reads: the path that answered."""


def no_constant(word: str) -> None:
    """Refuse NaN and Infinity, which Python takes for JSON."""
    raise json.JSONDecodeError("not a JSON value", word, 0)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says one name twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise json.JSONDecodeError("a name is said twice", "", 0)
    return found


def read_json(body: bytes) -> Any:
    """Read a body as strict JSON.

    Raises:
        json.JSONDecodeError: It is none.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=no_constant, object_pairs_hook=once)
    except (UnicodeDecodeError, RecursionError) as e:
        raise json.JSONDecodeError("not JSON in UTF-8", "", 0) from e


class StrictRequest(Request):
    """A request whose body is read strictly."""

    async def json(self) -> Any:
        """Return the body."""
        return read_json(await self.body())


class StrictRoute(APIRoute):
    """A route that reads its body strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, given strict requests."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


class QuickRoute(APIRoute):
    """A route that hands the request to each of its dependencies and to nothing in between.

    FastAPI's way to find out what a dependency wants costs more than most answers. Here each wants the request alone,
    which is looked at once, when the route is made; dependencies of a whole router or application are not known here.

    Raises:
        TypeError: The route, or a dependency of it, wants something else.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        endpoint, wanted = self.endpoint, self.dependant.dependencies
        if _wants_values(self.dependant) or any(one.dependencies or _wants_values(one) for one in wanted):
            raise TypeError(f"{self.path}: a quick route takes dependencies that take the request, and no more")
        asked = {one.name: one.call for one in wanted if one.name and one.call}

        async def quickly(request: Request) -> Response:
            answer: Response = await endpoint(**{name: await call(request) for name, call in asked.items()})
            return answer

        return quickly


def _wants_values(dependant: Dependant) -> bool:
    return any(
        (
            dependant.path_params,
            dependant.query_params,
            dependant.header_params,
            dependant.cookie_params,
            dependant.body_params,
            dependant.response_param_name,
            dependant.background_tasks_param_name,
            dependant.security_scopes_param_name,
        )
    )
