"""What `tenure identify` says."""

TEXTS: dict[str, tuple[str, str]] = {
    "help.identify": (
        "Say whose a worker is where HR leaves it open: a known person's, or a human of their own.",
        "在人事数据未说明时，指明工号属于谁：某位已知人员，或另一个人。",
    ),
    "example.identify": (
        'tenure identify W000456 --as W000123 --reason "HR: the same person, rehired"',
        'tenure identify W000456 --as W000123 --reason "人事确认：同一人再次入职"',
    ),
    "option.identify_as": ("The person whose worker it is.", "此工号所属的人员。"),
    "option.identify_another": ("It is nobody whom Tenure knows already.", "不是系统已知的任何人。"),
    "person.unidentified": (
        "nobody knows yet whose this is: tenure identify {worker} --as PERSON or --another, with --reason",
        "尚不清楚此工号属于谁：tenure identify {worker} --as 人员 或 --another，并给出 --reason",
    ),
    "error.identify_which": ("Give either --as PERSON or --another.", "请给出 --as 人员 或 --another 之一。"),
    "identify.done": ("{worker} is {person}.", "{worker} 属于 {person}。"),
}
