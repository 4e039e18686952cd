"""Writes Grafana's dashboards, in its classic JSON: `python deploy/grafana/dashboards.py`. A test holds them to this.

Panels say what they show and what is asked for; places on the grid, ids and the datasource are the same for all.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

FOLDER = pathlib.Path(__file__).parent / "dashboards"

WIDTH = 24
"""Columns of Grafana's grid."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

SLO_LATENCY_MS = 500
SLO_REJECTED = 0.05
"""The objectives of ../prometheus/alerts.yml; a test compares them."""

OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "none"},
    "bargauge": {"reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal", "displayMode": "basic"},
}

LINES = {"fillOpacity": 10, "showPoints": "never"}
STACKED = {"fillOpacity": 40, "showPoints": "never", "stacking": {"mode": "normal", "group": "A"}}


@dataclasses.dataclass
class Panel:
    """What one panel shows: legend and expression of each line, for the jobs that are chosen above (`JOB`)."""

    kind: str
    title: str
    about: str
    unit: str
    lines: dict[str, str]
    width: int = 12
    is_stacked: bool = False
    thresholds: tuple[tuple[float, str], ...] = ()

    def as_json(self, at: int, x: int, y: int) -> dict[str, Any]:
        """The panel with its id and its place."""
        is_series = self.kind == "timeseries"
        steps = [{"color": "green", "value": None}, *({"color": color, "value": low} for low, color in self.thresholds)]
        defaults: dict[str, Any] = {"unit": self.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
        if is_series:
            defaults["custom"] = STACKED if self.is_stacked else LINES
        return {
            "id": at,
            "type": self.kind,
            "title": self.title,
            "description": self.about,
            "datasource": DATASOURCE,
            "targets": [
                {
                    "refId": chr(ord("A") + number),
                    "datasource": DATASOURCE,
                    "expr": expr.replace("JOB", 'job=~"$job"'),
                    "legendFormat": legend,
                    "range": is_series,
                    "instant": not is_series,
                }
                for number, (legend, expr) in enumerate(self.lines.items())
            ],
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": OPTIONS[self.kind],
            "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
        }

    @property
    def height(self) -> int:
        """Rows of the grid."""
        return 4 if self.kind == "stat" else 8


def dashboard(uid: str, title: str, about: str, metric: str, rows: dict[str, list[Panel]]) -> dict[str, Any]:
    """A whole dashboard: panels by heading, each placed after the one before. `metric` is one that every job has."""
    panels: list[dict[str, Any]] = []
    y = 0
    for heading, members in rows.items():
        place = {"h": 1, "w": WIDTH, "x": 0, "y": y}
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": heading, "collapsed": False, "panels": [], "gridPos": place}
        )
        x, y, height = 0, y + 1, 0
        for one in members:
            if x + one.width > WIDTH:
                x, y = 0, y + height
            panels.append(one.as_json(len(panels) + 1, x, y))
            x, height = x + one.width, one.height
        y += height
    jobs = f"label_values({metric}, job)"
    return {
        "id": None,
        "uid": uid,
        "title": title,
        "description": about,
        "tags": ["scrubjay", "telemetry"],
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "schemaVersion": 39,
        "version": 1,
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [],
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "label": "Data source",
                    "type": "datasource",
                    "query": "prometheus",
                    "current": {},
                    "hide": 0,
                },
                {
                    "name": "job",
                    "label": "Job",
                    "type": "query",
                    "datasource": DATASOURCE,
                    "definition": jobs,
                    "query": {"query": jobs, "refId": "job"},
                    "refresh": 2,
                    "includeAll": True,
                    "multi": True,
                    "allValue": ".+",
                    "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
                },
            ]
        },
        "panels": panels,
    }


def rate(metric: str, by: str = "", matching: str = "", window: str = "$__rate_interval") -> str:
    """So many a second, added up by a label."""
    labels = "{JOB" + (f", {matching}" if matching else "") + "}"
    return f"sum{f' by ({by})' if by else ''} (rate({metric}{labels}[{window}]))"


def quantile(which: float, window: str = "$__rate_interval") -> str:
    """Of the time from a request to its durable answer."""
    return f"histogram_quantile({which}, {rate('telemetry_ingestion_latency_ms_bucket', 'le', '', window)})"


RECEIVED = "telemetry_samples_received_total"
REJECTED = "telemetry_samples_rejected_total"

COLLECTOR = dashboard(
    "scrubjay-collector",
    "scrubjay: collector",
    "What a collector receives, refuses and scrubs, how fast it answers, and how it is.",
    RECEIVED,
    {
        "Objectives": [
            Panel("stat", "Samples received", "Over five minutes.", "cps", {"": rate(RECEIVED, window="5m")}, 6),
            Panel(
                "stat",
                "p99 of ingestion",
                "From a request to its durable answer.",
                "ms",
                {"": quantile(0.99, "5m")},
                6,
                thresholds=((SLO_LATENCY_MS / 2, "yellow"), (SLO_LATENCY_MS, "red")),
            ),
            Panel(
                "stat",
                "Refused",
                "Share of the received samples; opt-outs are not counted.",
                "percentunit",
                {"": rate(REJECTED, "", 'reason!="opted_out"', "10m") + " / " + rate(RECEIVED, window="10m")},
                6,
                thresholds=((SLO_REJECTED / 5, "yellow"), (SLO_REJECTED, "red")),
            ),
            Panel(
                "stat",
                "Opted out",
                "Share of the samples whose sender had opted out.",
                "percentunit",
                {"": "max(telemetry_opt_out_ratio{JOB})"},
                6,
            ),
        ],
        "Ingestion": [
            Panel(
                "timeseries",
                "Samples",
                "Received, and refused for whatever reason.",
                "cps",
                {"received": rate(RECEIVED), "refused": rate(REJECTED)},
            ),
            Panel(
                "timeseries",
                "Latency of durable answers",
                "Every 2xx waits until its records are on disk.",
                "ms",
                {"p50": quantile(0.5), "p95": quantile(0.95), "p99": quantile(0.99)},
            ),
            Panel(
                "timeseries",
                "Samples refused by reason",
                "The code of the first violation.",
                "cps",
                {"{{reason}}": rate(REJECTED, "reason") + " > 0"},
                is_stacked=True,
            ),
            Panel(
                "timeseries",
                "Requests refused by reason",
                "Without credentials or a role, above a limit, or because too many bodies wait for the disk.",
                "cps",
                {"{{reason}}": rate("telemetry_requests_refused_total", "reason")},
                is_stacked=True,
            ),
            Panel(
                "timeseries",
                "Requests by status",
                "All routes.",
                "cps",
                {"{{status}}": rate("telemetry_http_requests_total", "status")},
                is_stacked=True,
            ),
            Panel(
                "timeseries",
                "Waiting",
                "Bodies that wait for the disk, and records that wait for the OTLP receiver behind this collector.",
                "short",
                {
                    "bodies {{instance}}": "telemetry_pending_bodies{JOB}",
                    "to forward {{instance}}": "telemetry_forward_pending{JOB}",
                },
            ),
        ],
        "Privacy": [
            Panel(
                "timeseries",
                "Redactions by rule",
                "What this collector had to scrub: it came from somebody who does not run the engine.",
                "cps",
                {"{{rule}}": rate("telemetry_redactions_total", "rule") + " > 0"},
                is_stacked=True,
            ),
            Panel(
                "bargauge",
                "Redactions, last 24 hours",
                "By rule, the ten that changed most.",
                "short",
                {"{{rule}}": "topk(10, sum by (rule) (increase(telemetry_redactions_total{JOB}[24h])) > 0)"},
            ),
            Panel(
                "timeseries",
                "Opt-out ratio",
                "A jump says that a release opts people out, or that they dislike a notice.",
                "percentunit",
                {"{{instance}}": "telemetry_opt_out_ratio{JOB}"},
            ),
            Panel(
                "timeseries",
                "Deletions that a receiver was not told of yet",
                "Tried again until it answers.",
                "short",
                {"{{instance}}": "telemetry_deletion_notices_pending{JOB}"},
            ),
        ],
        "Process": [
            Panel(
                "timeseries",
                "Memory",
                "Resident, and JavaScript's part of it.",
                "bytes",
                {
                    "resident {{instance}}": "process_resident_memory_bytes{JOB}",
                    "heap {{instance}}": "nodejs_heap_size_used_bytes{JOB}",
                },
                8,
            ),
            Panel("timeseries", "CPU", "Cores in use.", "short", {"": rate("process_cpu_seconds_total")}, 8),
            Panel(
                "timeseries",
                "Event loop lag",
                "How late the event loop is: above 200 ms the collector is overloaded.",
                "s",
                {"p99 {{instance}}": "nodejs_eventloop_lag_p99_seconds{JOB}"},
                8,
            ),
        ],
    },
)

CLIENT = dashboard(
    "scrubjay-clients",
    "scrubjay: clients",
    "The books of clients, as hosts expose them: accepted = delivered + pending + dropped by reason.",
    "scrubjay_records_pending",
    {
        "Books": [
            Panel(
                "timeseries",
                "Records",
                "Captured, and delivered.",
                "cps",
                {
                    "captured": rate("scrubjay_records_accepted_total"),
                    "delivered": rate("scrubjay_records_delivered_total"),
                },
            ),
            Panel(
                "timeseries",
                "Dropped by reason",
                "Each record that does not arrive is counted.",
                "cps",
                {"{{reason}}": rate("scrubjay_records_dropped_total", "reason") + " > 0"},
                is_stacked=True,
            ),
            Panel(
                "timeseries",
                "Waiting",
                "In memory and in the spool. Growth says that less gets through than is captured.",
                "short",
                {"{{job}} {{instance}}": "scrubjay_records_pending{JOB}"},
            ),
            Panel(
                "timeseries",
                "Requests",
                "Made, and of those made again.",
                "cps",
                {"requests": rate("scrubjay_requests_total"), "retries": rate("scrubjay_retries_total")},
            ),
        ],
        "Privacy": [
            Panel(
                "timeseries",
                "Redactions by rule",
                "Values that scrubbing changed before they left the process.",
                "cps",
                {"{{rule}}": rate("scrubjay_redactions_total", "rule") + " > 0"},
                is_stacked=True,
            ),
            Panel(
                "timeseries",
                "Collection is on",
                "1 where something said on and nothing said off.",
                "short",
                {"{{job}} {{instance}}": "scrubjay_enabled{JOB}"},
            ),
        ],
    },
)

DASHBOARDS = {"collector.json": COLLECTOR, "clients.json": CLIENT}


def text(content: dict[str, Any]) -> str:
    """A dashboard as its file holds it."""
    return json.dumps(content, indent=2) + "\n"


if __name__ == "__main__":
    for name, content in DASHBOARDS.items():
        (FOLDER / name).write_text(text(content))
