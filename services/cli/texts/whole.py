"""What `sweep` and `adopt` say."""

TEXTS: dict[str, tuple[str, str]] = {
    "help.sweep": (
        "Read a whole target and name what differs from what Tenure knows of it.",
        "读取整个目标，列出与 Tenure 所知不同之处。",
    ),
    "example.sweep": ("tenure sweep wecom --repair", "tenure sweep wecom --repair"),
    "help.adopt": (
        "First contact: whose the accounts and departments are that a target has already.",
        "初次接入：目标上已有的账号和部门分别属于谁。",
    ),
    "example.adopt": (
        "tenure adopt wecom --map accounts.csv --apply",
        "tenure adopt wecom --map accounts.csv --apply",
    ),
    "option.repair": (
        "Look again at whoever differs, and do what policy says.",
        "对有差异的账号重新检查，并按策略处理。",
    ),
    "option.map": (
        "The company's own list: CSV with the columns worker_id or person_id, and native_id.",
        "企业自有对照表：CSV，列为 worker_id 或 person_id，以及 native_id。",
    ),
    "option.apply": ("Remember what is linked.", "记住已匹配的关联。"),
    "sweep.clean": ("nothing differs", "没有差异"),
    "adopt.totals": (
        "{linked} linked, {ambiguous} ambiguous, {unmatched} unmatched; create {would_create}, change {would_change}",
        "已匹配 {linked}，不明确 {ambiguous}，未匹配 {unmatched}，将新建 {would_create}，将变更 {would_change}",
    ),
    "adopt.applied": ("what is linked is remembered", "已记住匹配结果"),
    "adopt.not_applied": (
        "nothing was remembered; `--apply` does it",
        "尚未记住任何结果；加上 `--apply` 即可",
    ),
    "error.sweep_differs": ("{n} differ", "{n} 处不同"),
    "error.map_columns": (
        "{file}: the first line must name native_id and one of worker_id, person_id",
        "{file}：首行必须包含 native_id，以及 worker_id 或 person_id 之一",
    ),
    "error.map_row": (
        "{file}: line {line} has an empty field, or names somebody a second time",
        "{file}：第 {line} 行有空字段，或重复指定了同一人",
    ),
}
