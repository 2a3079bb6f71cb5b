"""What `holds` says."""

TEXTS: dict[str, tuple[str, str]] = {
    "help.holds": ("Mass changes that a guard holds.", "被防护规则暂扣的批量变更。"),
    "example.holds": ("tenure holds list", "tenure holds list"),
    "help.holds_list": ("A line for each slice that is held.", "每个被暂扣的批次一行。"),
    "example.holds_list": ("tenure holds list", "tenure holds list"),
    "help.holds_show": ("A line for each person held.", "每个被暂扣的人一行。"),
    "example.holds_show": (
        "tenure holds show --cause urn:hr:acme --kind close",
        "tenure holds show --cause urn:hr:acme --kind close",
    ),
    "help.holds_release": ("Let a slice, or one person, go on.", "放行一个批次或一个人。"),
    "example.holds_release": (
        'tenure holds release --cause urn:hr:acme --kind close --reason "the branch was sold"',
        'tenure holds release --cause urn:hr:acme --kind close --reason "分公司已出售"',
    ),
    "help.holds_refuse": ("Take no such step as long as the difference lasts.", "只要差异存在，就不执行该步骤。"),
    "example.holds_refuse": (
        'tenure holds refuse --cause urn:hr:acme --kind close --reason "a wrong import"',
        'tenure holds refuse --cause urn:hr:acme --kind close --reason "导入有误"',
    ),
    "option.hold_cause": (
        "The HR source, policy:VERSION or sweep:TARGET that brought it, as `holds list` names it.",
        "引起变更的 HR 来源、policy:版本 或 sweep:目标，以 `holds list` 所示为准。",
    ),
    "option.hold_kind": ("Only this kind of step.", "只限此类步骤。"),
    "option.hold_target": ("Only on this target.", "只限此目标。"),
    "option.hold_person": ("Only this person, by any id.", "只限此人（任意编号）。"),
    "holds.empty": ("nothing is held", "没有被暂扣的变更"),
    "holds.held": ("held", "已暂扣"),
    "holds.refused": ("refused", "已拒绝"),
    "holds.done_release": ("{n} people go on", "已放行 {n} 人"),
    "holds.done_refuse": ("{n} people stay as they are", "{n} 人保持现状"),
    "error.which_hold": (
        "say which: --cause, or --person; `tenure holds list` names what is held",
        "请用 --cause 或 --person 指明；`tenure holds list` 会列出被暂扣的变更",
    ),
}
