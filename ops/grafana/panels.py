"""The kinds of panels that the dashboards are made of, so that a dashboard is a list of titles and queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import BigValueGraphMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression and what its lines are called (`{{label}}`)."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """`unit` is Grafana's name of it; `width` is of 24. A number turns red above `bad`; None: it is never bad."""

    title: str
    says: str
    queries: Sequence[Query]
    unit: str = "short"
    width: int = 12
    number: bool = False
    bad: float | None = None


def number(
    title: str, says: str, expr: str, *, unit: str = "short", legend: str = "", bad: float | None = None
) -> Panel:
    """One figure, as it is now."""
    return Panel(title, says, [Query(expr, legend)], unit, 4, number=True, bad=bad)


def lines(title: str, says: str, *queries: Query, unit: str = "short") -> Panel:
    """How it went."""
    return Panel(title, says, queries, unit)


def build(title: str, uid: str, says: str, panels: Sequence[Panel]) -> dashboard.Dashboard:
    """The dashboard, six hours to begin with, in the browser's time zone."""
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(says)
        .tags(["tenure"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for panel in panels:
        made = made.with_panel(_number(panel) if panel.number else _lines(panel))
    return made


def _targets(panel: Panel) -> list[prometheus.Dataquery]:
    return [
        prometheus.Dataquery().expr(query.expr).legend_format(query.legend or "__auto").ref_id(chr(ord("A") + place))
        for place, query in enumerate(panel.queries)
    ]


def _number(panel: Panel) -> stat.Panel:
    steps = [Threshold(value=None, color="green")]
    if panel.bad is not None:
        steps.append(Threshold(value=panel.bad, color="red"))
    made = (
        stat.Panel()
        .title(panel.title)
        .description(panel.says)
        .datasource(SOURCE)
        .unit(panel.unit)
        .span(panel.width)
        .height(4)
        .graph_mode(BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    )
    for target in _targets(panel):
        made = made.with_target(target.instant())
    return made


def _lines(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.says)
        .datasource(SOURCE)
        .unit(panel.unit)
        .span(panel.width)
        .height(8)
        .min(0)
        .line_width(1)
        .fill_opacity(8)
    )
    for target in _targets(panel):
        made = made.with_target(target)
    return made
