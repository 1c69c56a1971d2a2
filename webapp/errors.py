"""What goes wrong, as an answer: every error has the same shape, and none shows what was sent or what runs here."""

from http import HTTPStatus

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from models.errors import TradingError
from webapp.answers import Answer, Json, Refused, failed, problem, reply

_MAX_PROBLEMS = 5
_CODES = {
    HTTPStatus.NOT_FOUND: "no_such_page",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "too_slow",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
}


def answer_errors(app: FastAPI) -> None:
    """Make an app answer every error in the one shape."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(TradingError, _trading_error)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(StarletteHTTPException, _http_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _crash)


def refusal(error: Refused) -> Json:
    """Return the answer to what the web app itself refuses."""
    body = _error("refused", error.code, error.message, **error.fields)
    headers = {}
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(error.fields.get("retry_after_s", 1))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Json(body, status_code=error.status, headers=headers)


async def _refused(_: Request, error: Exception) -> Json:
    assert isinstance(error, Refused)
    return refusal(error)


async def _trading_error(_: Request, error: Exception) -> Json:
    assert isinstance(error, TradingError)
    return reply(failed(error))


async def _malformed(_: Request, error: Exception) -> Json:
    assert isinstance(error, RequestValidationError)
    found = [
        {"where": ".".join(str(part) for part in row["loc"]), "problem": row["msg"]}
        for row in error.errors()[:_MAX_PROBLEMS]
    ]
    message = "; ".join(f"{row['where']}: {row['problem']}" for row in found)
    body = _error("bad_request", "malformed", message, problems=found)
    return Json(body, status_code=HTTPStatus.UNPROCESSABLE_ENTITY)


async def _http_error(_: Request, error: Exception) -> Json:
    assert isinstance(error, StarletteHTTPException)
    status = HTTPStatus(error.status_code)
    code = _CODES.get(status, status.name.lower())
    return Json(_error("refused", code, status.phrase), status_code=status, headers=dict(error.headers or {}))


async def _crash(request: Request, _: Exception) -> Json:
    number = request.scope.get("state", {}).get("number", "")
    message = f"something went wrong here; tell the owner the number {number}"
    return Json(_error("crash", "crash", message, number=number), status_code=HTTPStatus.INTERNAL_SERVER_ERROR)


def _error(kind: str, code: str, message: str, **fields: object) -> Answer:
    return {"success": False, "data": None, "error": problem(kind, code, message, fields)}
