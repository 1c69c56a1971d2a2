"""What the check-up finds, as numbers."""

from models.finding import ok, warn
from webapp.metrics import Meter


def test_findings_are_counted_by_code_and_replaced_by_the_next() -> None:
    meter = Meter()
    meter.found([warn("key_ends", user=7), warn("key_ends", user=8), ok("all_resolved")])
    first = meter.text().decode()
    assert 'elcaro_findings{code="key_ends",verdict="warn"} 2.0' in first
    assert "user" not in first
    meter.found([ok("all_resolved")])
    assert "key_ends" not in meter.text().decode()
