"""The deployment files, linted, and held to a collector that runs: names of variables, ports, routes and metrics.

There is no Docker daemon and no cluster here. What only those would show is not tested; docs/deployment.md says so.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "deploy/grafana"))

import dashboards
from collector import ROOT, Collector, fetch
from docs_test import anchors

DEPLOY = ROOT / "deploy"
BIN = ROOT / ".venv/bin"
COLLECTOR = ROOT / "bindings-node/collector"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
MANIFESTS = [file for file in sorted((DEPLOY / "kubernetes").rglob("*.yaml")) if file.name != "kustomization.yaml"]
UNITS = sorted((DEPLOY / "systemd").iterdir())

TIMEOUT_S = 60
SCRAPE_TIMEOUT_S = 20
"""Prometheus scrapes every second here; a busy machine may need a few."""

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens on the port of `discard`: forwarding is on, so that its metrics are there."""


def lint(*command: str, cwd: pathlib.Path = ROOT) -> str:
    """Output of a linter that must be content."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def tool(name: str, package: str) -> str:
    """A program of the system; without it the test says what to install."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here (Debian: apt-get install {package})")
    return found


def documents(file: pathlib.Path) -> list[dict[str, Any]]:
    """The objects in a manifest."""
    return list(yaml.safe_load_all(file.read_text()))


def of_kind(kind: str) -> list[dict[str, Any]]:
    """All objects of a kind."""
    return [one for file in MANIFESTS for one in documents(file) if one["kind"] == kind]


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A collector that forwards to nobody."""
    folder = tmp_path_factory.mktemp("collector")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORWARD_OTLP_ENDPOINT", NOWHERE)
        running = Collector(folder / "data", folder / "collector.log")
    yield running
    running.stop()


# Linters


def test_the_image_pleases_hadolint() -> None:
    lint(str(BIN / "hadolint"), str(DEPLOY / "Dockerfile"))


def test_compose_is_what_its_specification_says() -> None:
    lint(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml"))


def test_manifests_are_what_kubernetes_schemas_say() -> None:
    core = [str(file) for file in MANIFESTS if "monitoring.coreos.com" not in file.read_text()]
    lint(str(BIN / "kubernetes-validate"), "--strict", "--quiet", *core)


def test_units_please_systemd(tmp_path: pathlib.Path) -> None:
    systemd_analyze = tool("systemd-analyze", "systemd")
    for unit in UNITS:
        # Programs are looked for; ours is installed elsewhere than where the unit expects it.
        text = re.sub(r"ExecStart=\S+", f"ExecStart={sys.executable}", unit.read_text())
        (tmp_path / unit.name).write_text(text)
    for unit in UNITS:
        assert lint(systemd_analyze, "verify", str(tmp_path / unit.name)).strip() == ""


def test_workflows_are_what_their_schema_says_and_please_zizmor() -> None:
    files = [str(file) for file in WORKFLOWS]
    lint(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *files)
    lint(str(BIN / "zizmor"), "--offline", "--quiet", *files)


def test_rules_and_configuration_please_promtool_and_alerts_fire_when_they_should() -> None:
    promtool, folder = tool("promtool", "prometheus"), DEPLOY / "prometheus"
    lint(promtool, "check", "rules", "alerts.yml", cwd=folder)
    lint(promtool, "check", "config", "prometheus.yml", cwd=folder)
    lint(promtool, "test", "rules", "alerts.test.yml", cwd=folder)


# Names


def variables() -> dict[str, set[str]]:
    """Variables that the files give to a collector, by file."""
    image = re.search(r"^ENV NODE_ENV.*$", (DEPLOY / "Dockerfile").read_text(), re.M)
    unit = (DEPLOY / "systemd/scrubjay-collector.service").read_text()
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["collector"]["environment"]
    pod = of_kind("Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
    assert image is not None
    return {
        "Dockerfile": set(re.findall(r"(\w+)=", image[0])),
        "compose.yaml": set(compose),
        "systemd": set(re.findall(r"(\w+)=", " ".join(re.findall(r"^Environment=(.*)$", unit, re.M)))),
        "kubernetes": set(of_kind("ConfigMap")[0]["data"]) | {one["name"] for one in pod["env"]},
    }


def test_every_variable_is_one_that_the_collector_reads() -> None:
    source = "".join(file.read_text() for file in (COLLECTOR / "src").rglob("*.js"))
    unknown = {(file, name) for file, names in variables().items() for name in names if f"'{name}'" not in source}
    assert not unknown


def test_the_docker_line_of_r4_starts_a_collector(tmp_path: pathlib.Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NODE_ENV", "production")
        patch.setenv("TELEMETRY_OPT_OUT_ENFORCE", "true")
        running = Collector(tmp_path / "data", tmp_path / "collector.log")
    try:
        assert json.loads(fetch(f"{running.url}/health"))
    finally:
        running.stop()


def test_the_image_s_health_check_tells_a_living_collector_from_none(collector: Collector) -> None:
    check = re.search(r"HEALTHCHECK[^[]*(\[.*\])", (DEPLOY / "Dockerfile").read_text(), re.S)
    assert check is not None
    command = json.loads(check[1].split("\n")[0])
    port = str(urllib.parse.urlsplit(collector.url).port)
    for value, code in ((port, 0), ("9", 1)):
        done = subprocess.run(command, env=os.environ | {"PORT": value}, capture_output=True, timeout=TIMEOUT_S)
        assert done.returncode == code, done.stderr


def test_probes_ask_for_routes_and_ports_that_are_there(collector: Collector) -> None:
    pod = of_kind("Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
    ports = {one["name"]: one["containerPort"] for one in pod["ports"]}
    assert ports == {"http": 3001, "metrics": 9464}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        ask = pod[probe]["httpGet"]
        assert ask["port"] == "http"
        assert fetch(collector.url + ask["path"])
    monitor = of_kind("ServiceMonitor")[0]["spec"]["endpoints"][0]
    assert monitor["port"] == "metrics"
    assert fetch(collector.metrics_url.removesuffix("/metrics") + monitor["path"])


def test_selectors_select_what_they_are_meant_for() -> None:
    labels = of_kind("Deployment")[0]["spec"]["template"]["metadata"]["labels"]
    service = of_kind("Service")[0]
    policy = next(one for one in of_kind("NetworkPolicy") if one["spec"]["podSelector"])
    selectors = [
        (of_kind("Deployment")[0]["spec"]["selector"]["matchLabels"], labels),
        (service["spec"]["selector"], labels),
        (of_kind("PodDisruptionBudget")[0]["spec"]["selector"]["matchLabels"], labels),
        (policy["spec"]["podSelector"]["matchLabels"], labels),
        (of_kind("ServiceMonitor")[0]["spec"]["selector"]["matchLabels"], service["metadata"]["labels"]),
    ]
    assert not [pair for pair in selectors if not pair[0].items() <= pair[1].items()]
    assert {one["name"] for one in service["spec"]["ports"]} == {"http", "metrics"}


def test_nothing_runs_as_root_or_writes_to_its_image() -> None:
    pods = [one["spec"]["template"]["spec"] for one in of_kind("Deployment")]
    pods += [one["spec"]["jobTemplate"]["spec"]["template"]["spec"] for one in of_kind("CronJob")]
    assert len(pods) == 3
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]
    assert re.findall(r"^USER (\S+)$", (DEPLOY / "Dockerfile").read_text(), re.M) == ["65532:65532"] * 2


def test_every_kustomization_names_files_that_are_there_and_leaves_none_out() -> None:
    for file in (DEPLOY / "kubernetes").rglob("kustomization.yaml"):
        named = {name for name in yaml.safe_load(file.read_text())["resources"] if not name.startswith("..")}
        assert named == {one.name for one in file.parent.glob("*.yaml")} - {"kustomization.yaml"}


# Metrics

METRIC = re.compile(r"\b(?:telemetry|process|nodejs|scrubjay)_[a-z0-9_]+")


def expressions() -> list[str]:
    """What dashboards and rules ask Prometheus for."""
    panels = [panel for board in dashboards.DASHBOARDS.values() for panel in board["panels"] if "targets" in panel]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
    return asked + [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


def exposed(text: str) -> set[str]:
    """Names of the series in Prometheus' text."""
    return set(re.findall(r"^([a-zA-Z_:][\w:]*)[ {]", text, re.M))


def asked_for() -> set[str]:
    """Names of series in all expressions."""
    return {name for expr in expressions() for name in METRIC.findall(expr)}


def test_every_metric_of_the_collector_is_one_that_it_exposes(collector: Collector) -> None:
    ours = {name for name in asked_for() if not name.startswith("scrubjay_")}
    assert ours
    assert not ours - exposed(fetch(collector.metrics_url).decode())


def test_every_metric_of_clients_is_one_that_a_host_exposes() -> None:
    registry = pytest.importorskip("prometheus_client").CollectorRegistry()
    integration = pytest.importorskip("scrubjay.integrations.prometheus")
    from prometheus_client import generate_latest
    from scrubjay import Tracker

    with Tracker({"client": {"enabled": False}}) as tracker:
        integration.TelemetryCollector(tracker, registry)
        names = exposed(generate_latest(registry).decode())
        # Rules that found nothing yet have no series.
        assert {name for name in asked_for() if name.startswith("scrubjay_")} - names <= {"scrubjay_redactions_total"}


def test_dashboards_are_those_of_their_script_and_import_anywhere() -> None:
    folder = DEPLOY / "grafana/dashboards"
    assert {file.name: file.read_text() for file in folder.iterdir()} == {
        name: dashboards.text(content) for name, content in dashboards.DASHBOARDS.items()
    }
    for board in dashboards.DASHBOARDS.values():
        assert board["id"] is None
        assert board["uid"]
        shown = [panel for panel in board["panels"] if "targets" in panel]
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        assert all(panel["datasource"]["uid"] == "${datasource}" for panel in shown)
        cells = [
            (x, y)
            for panel in board["panels"]
            for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        ]
        assert len(cells) == len(set(cells)), "panels overlap"
        assert max(x for x, _ in cells) < dashboards.WIDTH


def test_dashboards_and_alerts_have_the_same_objectives() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
    found = {rule.get("alert"): rule["expr"] for group in rules["groups"] for rule in group["rules"]}
    assert found["ScrubjayIngestionSlow"].endswith(f"> {dashboards.SLO_LATENCY_MS}")
    assert found["ScrubjaySamplesRejected"].endswith(f"> {dashboards.SLO_REJECTED}")


def test_every_alert_has_a_runbook_and_a_test() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    tests = yaml.safe_load((DEPLOY / "prometheus/alerts.test.yml").read_text())["tests"]
    tested = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case["exp_alerts"]}
    for alert in alerts:
        page, _, anchor = alert["annotations"]["runbook"].partition("#")
        assert anchor in anchors(ROOT / page), alert["alert"]
    assert {alert["alert"] for alert in alerts} == tested


def test_prometheus_scrapes_a_collector_and_can_answer_every_panel(
    collector: Collector, tmp_path: pathlib.Path
) -> None:
    """A real Prometheus: what it cannot parse, or what the collector's text breaks, shows here."""
    prometheus = tool("prometheus", "prometheus")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"][0]["static_configs"] = [{"targets": [urllib.parse.urlsplit(collector.metrics_url).netloc]}]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    shutil.copy(DEPLOY / "prometheus/alerts.yml", tmp_path)
    command = [
        prometheus,
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (tmp_path / "prometheus.log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for(port, 'up{job="scrubjay-collector"} == 1')
        assert ask(port, "telemetry_samples_received_total")
        for expr in expressions():
            ask(port, expr.replace("$__rate_interval", "1m").replace("$job", ".+"))
    finally:
        running.terminate()
        running.wait(TIMEOUT_S)


def ask(port: int, expr: str) -> list[Any]:
    """What a query gives; an expression that is none is an error."""
    url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
    result: list[Any] = json.loads(fetch(url))["data"]["result"]
    return result


def wait_for(port: int, expr: str) -> None:
    """Returns when a query gives something. There is nothing to be told by, so it is asked again."""
    deadline = time.monotonic() + SCRAPE_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            if ask(port, expr):
                return
        except urllib.error.URLError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"no answer to {expr}")
