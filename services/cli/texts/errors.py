"""Errors: what is wrong and the next step."""

TEXTS: dict[str, tuple[str, str]] = {
    "error.not_running": (
        "no installation runs in {folder}: start `tenure up`, or name one with --url and --token",
        "{folder} 中没有正在运行的实例：请先运行 `tenure up`，或用 --url 和 --token 指定",
    ),
    "error.other_url": (
        "--url names another installation than the one running here: give its --token too",
        "--url 指向的不是此处正在运行的实例：请同时给出它的 --token",
    ),
    "error.no_answer": (
        "no answer from {url} ({kind}); `tenure doctor` says what is wrong",
        "{url} 没有应答（{kind}）；`tenure doctor` 会指出问题所在",
    ),
    "error.answered": ("{path} answered {status}", "{path} 返回了 {status}"),
    "error.no_policy": (
        "{file} does not exist; `tenure init` writes one",
        "{file} 不存在；`tenure init` 会生成一份",
    ),
    "error.running_already": (
        "another `tenure up` runs in {folder}: stop it, or give --data another folder",
        "{folder} 中已有 `tenure up` 在运行：请先停止它，或用 --data 指定别的目录",
    ),
    "error.not_a_moment": (
        "{text} is no ISO 8601 date or time, such as 2026-03-15 or 2026-03-15T09:00+08:00",
        "{text} 不是 ISO 8601 日期或时间，例如 2026-03-15 或 2026-03-15T09:00+08:00",
    ),
    "error.speed_without_clock": ("--speed needs --clock", "--speed 需要与 --clock 一起使用"),
    "error.real_targets": (
        "a rehearsal's clock moves only where no target is real; {targets} would act on a real platform",
        "演练时钟只能在没有真实平台时拨动；{targets} 会对真实平台产生操作",
    ),
    "error.no_rehearsal": (
        "this installation runs on real time: start `tenure up --clock T`",
        "此实例按真实时间运行：请用 `tenure up --clock T` 启动",
    ),
    "error.backwards": (
        "business time is {now} already and never goes back",
        "业务时间已是 {now}，不能倒退",
    ),
    "error.not_settled": (
        "not settled after {seconds:g} s: {in_progress} in progress; `tenure status` says more",
        "{seconds:g} 秒后仍未完成：还有 {in_progress} 条在处理；详见 `tenure status`",
    ),
    "error.no_source": (
        "the policy names no source to send to; add one under `sources:`",
        "策略中没有可发送的来源；请在 `sources:` 下添加",
    ),
    "error.unknown_source": ("no source is called {name}; there are: {known}", "没有名为 {name} 的来源；现有：{known}"),
    "error.no_secret": (
        "no signing secret is known for {url}: set TENURE_SIGNING_SECRET",
        "不知道 {url} 的签名密钥：请设置 TENURE_SIGNING_SECRET",
    ),
    "error.resume_stdin": (
        "--resume needs files: standard input cannot be read twice",
        "--resume 需要文件：标准输入无法重读",
    ),
    "error.send_refused_all": (
        "{url} answered {status} ({title}): {detail}; nothing more was sent",
        "{url} 返回 {status}（{title}）：{detail}；已停止发送",
    ),
    "error.send_gave_up": (
        "gave up after {seconds:g} s without progress ({why}); from line {line} on nothing was accepted; send again",
        "{seconds:g} 秒没有进展（{why}），已放弃；从第 {line} 行起未被接收；请再次发送",
    ),
    "error.exists": ("{file} exists already; nothing was written", "{file} 已存在；没有写入任何内容"),
    "error.no_database": (
        "no database is named: give --database, set TENURE_DATABASE, or start `tenure up`",
        "没有指定数据库：请给出 --database、设置 TENURE_DATABASE，或运行 `tenure up`",
    ),
    "error.no_kafka": (
        "no Kafka is named: give --kafka or set TENURE_KAFKA",
        "没有指定 Kafka：请给出 --kafka 或设置 TENURE_KAFKA",
    ),
    "error.embedded_topics": (
        "the embedded broker makes the declared topics when it starts: there is nothing to apply",
        "内置消息服务启动时即建好所声明的主题：无需执行",
    ),
    "error.database_refused": ("the database refused: {kind}", "数据库拒绝访问：{kind}"),
    "error.not_utf8": ("{file} is not UTF-8", "{file} 不是 UTF-8 编码"),
    "error.not_json": ("{file} holds no JSON object: {why}", "{file} 中不是 JSON 对象：{why}"),
    "error.operator_exists": (
        "{name} has a token already: give --replace to make a new one (the old one ends)",
        "{name} 已有令牌：加 --replace 可换新令牌（旧令牌随即失效）",
    ),
    "error.operators_unreadable": ("{file} is no operators' file", "{file} 不是操作员文件"),
    "error.child_not_started": ("{name} was not started", "{name} 尚未启动"),
    "error.child_failed": (
        "{name} did not start; {log} ends with: {words}",
        "{name} 未能启动；{log} 的末尾是：{words}",
    ),
    "error.overdue": ("{n} of these are overdue", "其中 {n} 项已逾期"),
    "error.refused": ("{n} lines were refused", "{n} 行被拒绝"),
    "error.nobody": ("nobody is called or known by {text}", "没有找到 {text}"),
    "error.policy_wrong": ("{n} problems", "共 {n} 个问题"),
    "error.no_batch": ("no event that still stands names batch {batch}", "没有仍然有效的事件属于批次 {batch}"),
    "error.batch_of_several": (
        "several sources sent batch {batch}; take one at a time: --source {names}",
        "批次 {batch} 来自多个来源，请逐个撤回：--source {names}",
    ),
    "error.topics_differ": (
        "{n} differences; `tenure topics apply` sets them right",
        "{n} 处不一致；`tenure topics apply` 可修正",
    ),
    "error.demo_differs": ("{n} things are not as they should be", "有 {n} 处与预期不符"),
    "error.doctor": ("{n} problems", "发现 {n} 个问题"),
}
