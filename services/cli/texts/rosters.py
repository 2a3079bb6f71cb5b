"""What `tenure roster` says."""

TEXTS: dict[str, tuple[str, str]] = {
    "help.roster": (
        "Send a company's list (CSV or Excel) as the record of who works there; nobody leaves by not being in it.",
        "把公司的花名册（CSV 或 Excel）作为在职记录发送；不在表中的人不会因此离职。",
    ),
    "example.roster": (
        "tenure roster people.xlsx --map roster-map.yaml --expect 1200 --preview",
        "tenure roster people.xlsx --map roster-map.yaml --expect 1200 --preview",
    ),
    "option.roster_map": ("Which column is which field.", "各列与字段的对应关系。"),
    "option.roster_expect": (
        "How many rows the file must have; with any other number nothing is sent.",
        "文件应有的行数；不符则什么都不发送。",
    ),
    "option.roster_as_of": (
        "The local date or time at which it holds; default today in the map's zone.",
        "花名册生效的当地日期或时间；默认为映射文件时区的今天。",
    ),
    "roster.line": ("line {line}: {why}", "第 {line} 行：{why}"),
    "roster.unknown": ("columns that the map does not know, left out: {names}", "映射文件未提及、已略过的列：{names}"),
    "roster.formulas": (
        "{n} cells begin with = and are taken as text; if they are formulas, paste values and export again",
        "有 {n} 个单元格以 = 开头，按文本处理；若是公式，请粘贴为值后重新导出",
    ),
    "roster.left_out": ("{n} rows left out by `only`", "按 `only` 略过 {n} 行"),
    "roster.missing": (
        "{worker} ({person}) is employed here and not in the file; nothing was done about it",
        "{worker}（{person}）在此在职，但不在文件中；未做任何处理",
    ),
    "roster.not_compared": (
        "not compared with who is employed here: no store of a running installation is known",
        "未与在职人员比对：不知道运行中实例的数据库",
    ),
    "roster.done": (
        "{rows} rows: {sent} sent, {accepted} accepted, {refused} refused",
        "共 {rows} 行：发送 {sent} 条，接收 {accepted} 条，拒绝 {refused} 条",
    ),
    "error.roster_rows": (
        "{file} has {rows} rows and not the {expected} expected; nothing was sent",
        "{file} 有 {rows} 行，而非预期的 {expected} 行；没有发送任何内容",
    ),
    "error.roster_no_map": ("there is no mapping file {file}", "映射文件 {file} 不存在"),
    "error.roster_columns": ("{file}: {why}; nothing was sent", "{file}：{why}；没有发送任何内容"),
    "error.roster_source": (
        "no source of this installation is {urn}, as the map says; there are: {known}",
        "此实例没有映射文件所写的来源 {urn}；现有：{known}",
    ),
    "error.roster_kind": (
        "{file} is neither .csv nor .xlsx: save it as one of them",
        "{file} 既不是 .csv 也不是 .xlsx：请另存为其中一种",
    ),
    "error.roster_header": (
        "{file} has no names of columns in line {line}; `header` of the map says where they are",
        "{file} 第 {line} 行没有列名；请在映射文件的 `header` 中指明所在行",
    ),
    "error.roster_csv": ("{file} is broken from line {line} on: {why}", "{file} 自第 {line} 行起格式有误：{why}"),
    "error.roster_encoding": (
        "{file} cannot be read as {encoding}; `encoding` of the map may name another",
        "{file} 无法按 {encoding} 读取；可在映射文件的 `encoding` 中指定其他编码",
    ),
    "error.roster_xlsx": ("{file} is no readable workbook ({kind})", "{file} 不是可读取的工作簿（{kind}）"),
    "error.roster_sheet": (
        "{file} has no sheet called {sheet}; there are: {known}",
        "{file} 没有名为 {sheet} 的工作表；现有：{known}",
    ),
}
