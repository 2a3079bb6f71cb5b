"""How DingTalk says no.

RefusedError          the old host: HTTP 200 with a number in ``errcode``
  GatewayError        refused before the API itself was reached: ``errcode`` 88, the reason in ``sub_code``
ApiRefusedError       the new host: an HTTP status and a word in ``code``
"""

from __future__ import annotations

MESSAGES = {
    -1: "系统繁忙",
    22: "Invalid method[submsg=不存在的接口]",
    88: "鉴权异常",
    23004: "角色下存在成员，不允许删除",
    33011: "角色不存在",
    33012: "无效的USERID",
    34018: "角色信息不能为空",
    34020: "角色组不存在",
    34021: "角色名称已存在",
    40003: "不合法的UserID",
    40009: "不合法的部门id",
    40011: "不合法的排序order",
    40014: "不合法的access_token",
    40022: "企业中的手机号码和登录钉钉的手机号码不一致，暂时不支持修改用户信息，可以删除后重新添加",
    40023: "部门人数达到上限",
    40031: "不合法的UserID列表",
    40032: "不合法的UserID列表长度",
    40035: "不合法的参数",
    40056: "不合法的agentid",
    40063: "不合法的分机号",
    40064: "不合法的工作地址",
    40065: "不合法的备注",
    40066: "不合法的部门列表",
    40068: "不合法的偏移量",
    40069: "不合法的分页大小",
    40070: "不合法的排序参数",
    40096: "不合法的appKey或appSecret",
    40100: "分机号已经存在",
    40101: "邮箱已经存在",
    40103: "该用户需要其同意才可添加，已向对方发送邀请",
    40104: "电话号码无效",
    41001: "缺少access_token参数",
    41029: "超过消息接收者人数上限，企业接入为5000，ISV接入为1000",
    43001: "需要GET请求",
    43002: "需要POST请求",
    50002: "企业员工不在授权范围",
    50004: "企业部门不在授权范围",
    60001: "不合法的部门名称",
    60002: "部门层级深度超过限制",
    60003: "部门不存在",
    60004: "父亲部门不存在",
    60005: "不允许删除有成员的部门",
    60006: "不允许删除有子部门的部门",
    60007: "不允许删除根部门",
    60009: "部门名称含有非法字符",
    60010: "部门存在循环关系",
    60011: "没有调用该接口的权限",
    60018: "不允许更新根部门",
    60021: "父部门下该部门名称已存在",
    60068: "部门的管理员不存在",
    60102: "UserID在公司中已存在",
    60103: "手机号码不合法",
    60104: "手机号码在公司中已存在",
    60105: "邮箱不合法",
    60109: "可见范围不合法",
    60111: "UserID不存在",
    60112: "用户name不合法",
    60113: "身份认证信息（手机/邮箱）不能同时为空",
    60119: "不合法的position",
    60121: "找不到该用户",
    60122: "不合法的extattr",
    60123: "不合法的jobnumber",
    60128: "无效的主管id",
    400002: "参数错误",
    600109: "可见范围不合法",
    660000: "不允许修改默认角色",
    1430000: "接收者为空",
}


class RefusedError(Exception):
    """Answered with this ``errcode``; ``details`` stand beside it at the top level."""

    def __init__(self, code: int, reason: str = "", **details: object) -> None:
        """Keep the code, a reason that replaces the standard text, and further fields."""
        super().__init__(code)
        self.code = code
        self.reason = reason or MESSAGES.get(code, "业务错误")
        self.details = details


class GatewayError(RefusedError):
    """Answered with 88 (or plainly, where ``Switches.plain_gateway_errors`` says so) and this ``sub_code``."""


class ApiRefusedError(Exception):
    """Answered by the new host with this HTTP status and word."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        """Keep what goes into the answer."""
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or code
