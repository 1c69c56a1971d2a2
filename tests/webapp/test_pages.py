"""The page and what every answer carries."""

import re
from html.parser import HTMLParser

import pytest

from tests.webapp.rig import Person, Rig
from webapp.pages import STATIC

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def policy(rig: Rig, path: str = "/") -> dict[str, str]:
    text = (await rig.http.get(path)).headers["content-security-policy"]
    return dict(part.strip().split(" ", 1) for part in text.split(";"))


class Links(HTMLParser):
    """Collects what a page loads, and whatever it has inline."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in {"script", "link", "img"} and (address := values.get("src") or values.get("href")):
            self.loads.append(address)
        elif tag == "script":
            self.inline.append(tag)
        self.inline += [name for name in values if name.startswith("on") or name == "style"]


async def test_w16_page_loads_nothing_from_elsewhere_and_has_nothing_inline(calm: Rig) -> None:
    page = await calm.http.get("/")
    links = Links()
    links.feed(page.text)
    assert links.inline == []
    assert links.loads
    for address in links.loads:
        answer = await calm.http.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["cache-control"].startswith("public, max-age=31536000, immutable")


async def test_w16_policy_lets_own_scripts_run_and_no_others(calm: Rig) -> None:
    rules = await policy(calm)
    assert (rules["default-src"], rules["script-src"], rules["style-src"]) == ("'self'",) * 3
    assert rules["object-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert "unsafe" not in " ".join(rules.values())


async def test_w16_scripts_never_write_markup() -> None:
    for path in (STATIC / "app").rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), path


async def test_w16_markup_in_a_note_is_served_as_data_only(visitor: Person) -> None:
    note = "<img src=x onerror=alert(1)>"
    await visitor.done("/api/alerts", {"symbol": "BTCUSDT", "direction": "above", "price": "200000", "note": note})
    answer = await visitor.get("/api/alerts")
    assert [row["note"] for row in answer.json()["data"]] == [note]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_telegram_and_the_sandboxs_chat_may_frame_the_page_and_nobody_else(calm: Rig) -> None:
    frames = (await policy(calm))["frame-ancestors"].split()
    assert frames[:2] == ["https://web.telegram.org", "https://*.telegram.org"]
    assert [frame for frame in frames[2:] if not frame.startswith("http://127.0.0.1:")] == []
    answer = await calm.http.get("/")
    assert "x-frame-options" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_every_answer_carries_the_headers(calm: Rig, visitor: Person) -> None:
    for path in ("/", "/healthz", "/api/me", "/nowhere", "/openapi.json"):
        answer = await visitor.get(path)
        assert "content-security-policy" in answer.headers, path
        assert "x-request-id" in answer.headers, path
        assert "set-cookie" not in answer.headers, path
        assert "server" not in answer.headers, path


async def test_w15_other_origins_are_told_nothing(calm: Rig, visitor: Person) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = await calm.http.options("/api/trading/order", headers=asked)
    assert preflight.status_code == 405
    answer = await calm.http.get(
        "/api/me", headers={"Origin": "https://evil.example", "Cookie": f"token={visitor.token}"}
    )
    assert answer.status_code == 401
    for one in (preflight, answer):
        assert not [name for name in one.headers if name.startswith("access-control")]


async def test_w15_session_in_a_cookie_opens_nothing(calm: Rig, visitor: Person) -> None:
    for name in ("session", "token", "Authorization"):
        cookie = {"Cookie": f"{name}={visitor.token}"}
        answer = await calm.http.put("/api/pause", json={"is_paused": True}, headers=cookie)
        assert answer.status_code == 401
    assert (await visitor.data("/api/me"))["is_paused"] is False


async def test_files_of_another_version_of_the_page_are_not_served(calm: Rig) -> None:
    assert (await calm.http.get("/static/0123456789abcdef/app/main.js")).status_code == 404


async def test_text_is_sent_packed_to_browsers_that_unpack(calm: Rig) -> None:
    base = calm.app.inside.state.pages.base
    packed = await calm.http.get(f"{base}/vendor/lightweight-charts.mjs")
    plain = await calm.http.get(f"{base}/vendor/lightweight-charts.mjs", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert packed.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_health_is_told(calm: Rig) -> None:
    assert (await calm.http.get("/healthz")).json() == {"status": "alive"}
    assert (await calm.http.get("/readyz")).json()["status"] == "ready"


async def test_metrics_are_for_this_machine_only(calm: Rig, visitor: Person) -> None:
    await visitor.get("/api/me")
    answer = await calm.http.get("/metrics")
    assert 'elcaro_web_requests_total{method="GET",route="/api/me",status="200"}' in answer.text
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert (await calm.http.get("/metrics", headers={name: "203.0.113.7"})).status_code == 404, name
    assert visitor.token not in answer.text


@pytest.mark.parametrize("path", ["/favicon.ico", "/robots.txt", "/app/main.js", "/index.html"])
async def test_page_is_at_its_own_address_only(calm: Rig, path: str) -> None:
    assert (await calm.http.get(path)).status_code == 404
