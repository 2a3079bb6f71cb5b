"""What the commands for exceptions and for trying a policy say."""

TEXTS: dict[str, tuple[str, str]] = {
    "help.grant": (
        "Give an entitlement until a moment, whatever the job; a rule that denies it wins.",
        "在某一时刻之前额外授予一项权限，与岗位无关；策略中的 deny 优先。",
    ),
    "example.grant": (
        'tenure grant W000123 wecom tag:finance --until 2026-06-30 --reason "audit"',
        'tenure grant W000123 wecom tag:finance --until 2026-06-30 --reason "审计"',
    ),
    "help.revoke": (
        "Refuse an entitlement until a moment; without --until, end the exceptions about it.",
        "在某一时刻之前拒绝一项权限；不带 --until 时，结束与之有关的例外。",
    ),
    "example.revoke": (
        'tenure revoke W000123 wecom tag:finance --reason "audit is over"',
        'tenure revoke W000123 wecom tag:finance --reason "审计结束"',
    ),
    "help.extend": ("Let the overlap of a rule last longer.", "延长某条规则在调岗后的保留期。"),
    "example.extend": (
        'tenure extend W000123 sales --until 2026-04-15 --reason "hand-over takes longer"',
        'tenure extend W000123 sales --until 2026-04-15 --reason "交接需要更多时间"',
    ),
    "help.retain": (
        "Delete nothing of this person before a moment (a legal hold).",
        "在某一时刻之前不删除此人的任何账号（法律保全）。",
    ),
    "example.retain": (
        'tenure retain W000123 --until 2027-01-01 --reason "court order"',
        'tenure retain W000123 --until 2027-01-01 --reason "法院要求"',
    ),
    "option.until": ("The moment at which it ends.", "结束的时刻。"),
    "option.revoke_until": (
        "Refuse it until this moment; without it the exceptions end now.",
        "在此时刻之前拒绝；不带则立即结束例外。",
    ),
    "help.policy_test": (
        "Say which claims of a file are not so, and by which rule.",
        "检查文件中的断言，指出不成立者及其规则。",
    ),
    "example.policy_test": ("tenure policy test claims.yaml", "tenure policy test claims.yaml"),
    "help.policy_apply": (
        "Put the policy file in force: counted whole, then a recorded decision; nothing is restarted.",
        "使策略文件生效：先整体统计影响，再作为有记录的决定生效；无需重启。",
    ),
    "example.policy_apply": (
        'tenure policy apply --reason "sales keep a week of overlap"',
        'tenure policy apply --reason "销售保留一周权限"',
    ),
    "option.claims": ("The schema of a file for `policy test` instead.", "改为输出 `policy test` 文件的 schema。"),
    "policy.tested": ("{n} claims looked at", "已检查 {n} 条断言"),
    "option.preview_policy": ("Say what would change; change nothing.", "只说明会有哪些变化，不做任何更改。"),
    "option.yes_policy": ("Do not ask on a terminal.", "在终端上不再询问。"),
    "policy.changes": (
        "version {version} changes {n} of {of} people: {changes}",
        "版本 {version} 将影响 {of} 人中的 {n} 人：{changes}",
    ),
    "policy.no_change": ("nothing", "无变化"),
    "policy.will_hold": (
        "a guard will hold {kind} of {n} people until `tenure holds release`",
        "护栏将暂停 {n} 人的 {kind}，直到 `tenure holds release`",
    ),
    "policy.restart": (
        "{name} reads its part of the file when it starts: start it again with this file",
        "{name} 仅在启动时读取其相关配置：请用此文件重新启动它",
    ),
    "policy.confirm": ("Put it in force?", "确认使其生效？"),
    "policy.applied": (
        "version {version} is in force; {n} people are looked at again",
        "版本 {version} 已生效；将重新检查 {n} 人",
    ),
    "error.no_claims": ("there is no file {file}", "文件 {file} 不存在"),
    "error.claims_wrong": ("{n} claims are not so", "{n} 条断言不成立"),
    "exception.decided": ("{person}: decided, until {until}", "{person}：已决定，至 {until} 为止"),
    "exception.ended": ("{person}: the exceptions have ended", "{person}：例外已结束"),
}
