"""Writes Grafana's dashboards, in its classic JSON: `python deploy/grafana/dashboards.py`. A test holds them to this.

Panels say what they show and how it is asked for; places on the grid, ids and the datasource are the same for all.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

FOLDER = pathlib.Path(__file__).parent / "dashboards"

WIDTH = 24
"""Columns of Grafana's grid."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

JOB = 'job=~"$job"'
"""Every query is for the jobs that are chosen above."""


def query(expr: str, legend: str = "") -> dict[str, Any]:
    """One expression of a panel."""
    return {"expr": expr.replace("JOB", JOB), "legendFormat": legend}


def panel(kind: str, title: str, about: str, unit: str, queries: list[dict[str, Any]], width: int = 12, **options: Any) -> dict[str, Any]:
    """A panel without its place; `options` are its thresholds and whether it is stacked."""
    custom = {"fillOpacity": 10, "showPoints": "never"}
    if options.get("stacked"):
        custom = {"fillOpacity": 40, "showPoints": "never", "stacking": {"mode": "normal", "group": "A"}}
    steps = [{"color": "green", "value": None}]
    steps += [{"color": color, "value": value} for value, color in options.get("thresholds", [])]
    defaults: dict[str, Any] = {"unit": unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
    if kind == "timeseries":
        defaults["custom"] = custom
    targets = [
        {**one, "refId": chr(ord("A") + at), "datasource": DATASOURCE, "range": kind == "timeseries", "instant": kind != "timeseries"}
        for at, one in enumerate(queries)
    ]
    shown: dict[str, Any] = {
        "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}},
        "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "none"},
        "bargauge": {"reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal", "displayMode": "basic"},
    }[kind]
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": DATASOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": shown,
        "gridPos": {"h": 4 if kind == "stat" else 8, "w": width},
    }


def dashboard(uid: str, title: str, about: str, job_metric: str, rows: list[tuple[str, list[dict[str, Any]]]]) -> dict[str, Any]:
    """A whole dashboard: rows of panels, each placed after the one before."""
    panels: list[dict[str, Any]] = []
    y = 0
    for heading, members in rows:
        panels.append({"type": "row", "title": heading, "collapsed": False, "panels": [], "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y}})
        y += 1
        x = height = 0
        for one in members:
            place = one["gridPos"]
            if x + place["w"] > WIDTH:
                x, y = 0, y + height
            place |= {"x": x, "y": y}
            x, height = x + place["w"], place["h"]
            panels.append(one)
        y += height
    for at, one in enumerate(panels, start=1):
        one["id"] = at
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
                {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "current": {}, "hide": 0},
                {
                    "name": "job",
                    "label": "Job",
                    "type": "query",
                    "datasource": DATASOURCE,
                    "definition": f"label_values({job_metric}, job)",
                    "query": {"query": f"label_values({job_metric}, job)", "refId": "job"},
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


SLO_LATENCY_MS = 500
SLO_REJECTED = 0.05
"""The objectives of ../prometheus/alerts.yml; a test compares them."""

COLLECTOR = dashboard(
    "scrubjay-collector",
    "scrubjay: collector",
    "What a collector receives, refuses and scrubs, how fast it answers, and how it is.",
    "telemetry_samples_received_total",
    [
        (
            "Objectives",
            [
                panel("stat", "Samples received", "Over the last five minutes.", "cps",
                      [query("sum(rate(telemetry_samples_received_total{JOB}[5m]))")], 6),
                panel("stat", "p99 of ingestion", "From a request to its durable answer.", "ms",
                      [query("histogram_quantile(0.99, sum by (le) (rate(telemetry_ingestion_latency_ms_bucket{JOB}[5m])))")], 6,
                      thresholds=[(SLO_LATENCY_MS / 2, "yellow"), (SLO_LATENCY_MS, "red")]),
                panel("stat", "Refused", "Share of the received samples; opt-outs are not counted.", "percentunit",
                      [query('sum(rate(telemetry_samples_rejected_total{JOB, reason!="opted_out"}[10m])) '
                             "/ sum(rate(telemetry_samples_received_total{JOB}[10m]))")], 6,
                      thresholds=[(SLO_REJECTED / 5, "yellow"), (SLO_REJECTED, "red")]),
                panel("stat", "Opted out", "Share of the samples whose sender had opted out.", "percentunit",
                      [query("max(telemetry_opt_out_ratio{JOB})")], 6),
            ],
        ),
        (
            "Ingestion",
            [
                panel("timeseries", "Samples", "Received, and refused for whatever reason.", "cps",
                      [query("sum(rate(telemetry_samples_received_total{JOB}[$__rate_interval]))", "received"),
                       query("sum(rate(telemetry_samples_rejected_total{JOB}[$__rate_interval]))", "refused")]),
                panel("timeseries", "Latency of durable answers", "Every 2xx waits until its records are on disk.", "ms",
                      [query(f"histogram_quantile({q}, sum by (le) (rate(telemetry_ingestion_latency_ms_bucket{{JOB}}[$__rate_interval])))", name)
                       for q, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))]),
                panel("timeseries", "Refused by reason", "The code of the first violation.", "cps",
                      [query("sum by (reason) (rate(telemetry_samples_rejected_total{JOB}[$__rate_interval])) > 0", "{{reason}}")],
                      stacked=True),
                panel("timeseries", "Opt-out ratio", "A jump says that a release opts people out, or that they dislike a notice.", "percentunit",
                      [query("telemetry_opt_out_ratio{JOB}", "{{instance}}")]),
            ],
        ),
        (
            "Privacy",
            [
                panel("timeseries", "Redactions by rule",
                      "What this collector had to scrub. Clients scrub first: what shows here came from somebody who does not run the engine.",
                      "cps",
                      [query("sum by (rule) (rate(telemetry_redactions_total{JOB}[$__rate_interval])) > 0", "{{rule}}")], stacked=True),
                panel("bargauge", "Redactions, last 24 hours", "By rule, the ten that changed most.", "short",
                      [query("topk(10, sum by (rule) (increase(telemetry_redactions_total{JOB}[24h])) > 0)", "{{rule}}")]),
            ],
        ),
        (
            "Process",
            [
                panel("timeseries", "Memory", "Resident, and JavaScript's part of it.", "bytes",
                      [query("process_resident_memory_bytes{JOB}", "resident {{instance}}"),
                       query("nodejs_heap_size_used_bytes{JOB}", "heap {{instance}}")], 8),
                panel("timeseries", "CPU", "Cores in use.", "short",
                      [query("rate(process_cpu_seconds_total{JOB}[$__rate_interval])", "{{instance}}")], 8),
                panel("timeseries", "Event loop lag", "How late the event loop is: above 200 ms the collector is overloaded.", "s",
                      [query("nodejs_eventloop_lag_p99_seconds{JOB}", "p99 {{instance}}")], 8),
                panel("timeseries", "Open files", "Beside the limit of the process.", "short",
                      [query("process_open_fds{JOB}", "open {{instance}}"), query("process_max_fds{JOB}", "limit {{instance}}")], 8),
                panel("timeseries", "Garbage collection", "Share of the time.", "percentunit",
                      [query("sum by (kind) (rate(nodejs_gc_duration_seconds_sum{JOB}[$__rate_interval]))", "{{kind}}")], 8),
                panel("timeseries", "Up", "Whether Prometheus gets an answer.", "short", [query("up{JOB}", "{{instance}}")], 8),
            ],
        ),
    ],
)

DASHBOARDS = {"collector.json": COLLECTOR}


def main() -> None:
    """Writes them all."""
    for name, content in DASHBOARDS.items():
        (FOLDER / name).write_text(text(content))


def text(content: dict[str, Any]) -> str:
    """A dashboard as its file holds it."""
    return json.dumps(content, indent=2) + "\n"


if __name__ == "__main__":
    main()
