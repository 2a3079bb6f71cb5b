"""What `replay`, `plan` and `send --preview` say: nothing of it changes anything."""

TEXTS: dict[str, tuple[str, str]] = {
    "help.replay": (
        "States of people at any moments under a policy; nothing is touched.",
        "推算任意时刻人员的状态；不触碰任何平台。",
    ),
    "example.replay": (
        "tenure replay events.jsonl --at 2026-04-01 --at 2026-05-01",
        "tenure replay events.jsonl --at 2026-04-01 --at 2026-05-01",
    ),
    "option.replay_from": (
        "Take what the running installation's store or Kafka has, in place of files.",
        "不用文件，改用运行中实例的数据库（store）或 Kafka 中的内容。",
    ),
    "option.replay_at": ("A moment to look at; may be given several times.", "要查看的时刻；可多次给出。"),
    "option.replay_diff": (
        "Only what this other policy makes different.",
        "只显示采用这份策略后的不同之处。",
    ),
    "help.plan": (
        "The steps that the policy would take now; none is taken.",
        "列出策略此刻会执行的步骤；不执行任何一步。",
    ),
    "example.plan": ("tenure plan --config new.yaml", "tenure plan --config new.yaml"),
    "option.plan_person": ("Only this person, by any id.", "只看此人（任意编号）。"),
    "option.preview": (
        "Send nothing; say what would become of every line.",
        "不发送；只说明每一行的结果。",
    ),
    "option.preview_each": (
        "With --preview: as things stand after each line, not after the last.",
        "与 --preview 合用：按每一行之后的情形，而非全部之后。",
    ),
    "option.preview_empty": (
        "With --preview: against nothing, not the running installation.",
        "与 --preview 合用：不依据运行中的实例，而从空白开始。",
    ),
    "replay.undeclared": (
        "source {source} is not declared in the policy: defaults are taken",
        "策略中未声明来源 {source}：采用默认设置",
    ),
    "replay.more_refused": ("and {n} more lines like these", "另有 {n} 行同样被拒绝"),
    "plan.step": (
        "{person_id} @{target}: {verb} {what} ({rule})",
        "{person_id} @{target}：{verb} {what}（{rule}）",
    ),
    "plan.totals": (
        "{steps} steps for {people} people, {calls} calls, about {seconds:.0f} s at the quota",
        "共 {steps} 步，涉及 {people} 人，{calls} 次调用，按配额约需 {seconds:.0f} 秒",
    ),
    "preview.line": ("line {line}  {id}  {outcome}  {reason}", "第 {line} 行  {id}  {outcome}  {reason}"),
    "error.replay_what": (
        "name files, or --from store or --from kafka; not both and not neither",
        "请给出文件，或 --from store / --from kafka，二者取其一",
    ),
    "error.several": ("{text} may be one of: {persons}", "{text} 可能是以下之一：{persons}"),
    "error.preview_only": ("--each and --empty belong to --preview", "--each 和 --empty 只能与 --preview 合用"),
    "error.store_gone": ("the store does not answer: {kind}", "数据库没有应答：{kind}"),
}
