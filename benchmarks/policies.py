"""Policies to measure under: memory targets, and the two platforms."""

from collections.abc import Mapping

HEAD = """sources:
  hr: {type: webhook, source: "urn:hr:bench", secrets: ["${HR_SECRET}"], zone: Asia/Shanghai}
"""
FIELDS = "name: person.display_name, mobile: {value: person.mobile, write: on_create}"


USERNAME = "{family.pinyin}{given.initials}"


def memory(targets: Mapping[str, float], *, username: str = USERNAME) -> str:
    """A tag a job on each memory target; `targets` gives the seconds that every call takes there."""
    lines = [HEAD, "targets:"]
    lines += [f"  {name}: {{type: memory, mode: enforce, latency: {latency}}}" for name, latency in targets.items()]
    lines += ["accounts:"]
    for name in targets:
        lines += [
            f"  {name}:", "    requires: has(person.mobile)", f'    username: "{username}"',
            f"    attributes: {{{FIELDS}, title: assignment.title}}",
        ]  # fmt: skip
    sales = ", ".join(f'{name}: ["tag:sales"]' for name in targets)
    office = ", ".join(f'{name}: ["tag:office"]' for name in targets)
    lines += [
        "birthright:",
        f"  sales: {{when: 'assignment.job_function == \"sales\"', grants: {{{sales}}}}}",
        f"  office: {{when: 'assignment.job_function == \"administration\"', grants: {{{office}}}}}",
        "leavers: {suspend: at_once}",
    ]
    return "\n".join(lines) + "\n"


def only_wecom() -> str:
    """An account and nothing else on WeCom: every hire creates once and reads once."""
    return f"""{HEAD}targets:
  wecom:
    type: wecom
    corp_id: ww0001
    contact_secret: "${{WECOM_CONTACT_SECRET}}"
    app: {{agent_id: 1000002, secret: "${{WECOM_APP_SECRET}}"}}
    mode: enforce
    invite: never
accounts:
  wecom:
    requires: has(person.mobile)
    username: "{{family.pinyin}}{{given.initials}}"
    attributes: {{{FIELDS}, position: assignment.title}}
"""


PLATFORMS = (
    HEAD
    + f"""targets:
  wecom:
    type: wecom
    base_url: "${{WECOM_URL:-https://qyapi.weixin.qq.com}}"
    corp_id: ww0001
    contact_secret: "${{WECOM_CONTACT_SECRET}}"
    app: {{agent_id: 1000002, secret: "${{WECOM_APP_SECRET}}"}}
    mode: enforce
    invite: never
  dingtalk:
    type: dingtalk
    app_key: dk0001
    app_secret: "${{DINGTALK_APP_SECRET}}"
    agent_id: 1
    mode: enforce
accounts:
  wecom:
    requires: has(person.mobile)
    username: "{{family.pinyin}}{{given.initials}}"
    attributes: {{{FIELDS}, position: assignment.title}}
  dingtalk:
    requires: has(person.mobile)
    attributes: {{{FIELDS}, title: assignment.title}}
departments:
  wecom: {{manage: full, under: "/"}}
  dingtalk: {{manage: full, under: "/"}}
birthright:
  sales:
    when: assignment.job_function == "sales"
    grants: {{wecom: ["tag:sales"], dingtalk: ["role:sales"]}}
  office:
    when: assignment.job_function == "administration"
    grants: {{wecom: ["tag:office"], dingtalk: ["role:office"]}}
leavers: {{suspend: at_once}}
"""
)
