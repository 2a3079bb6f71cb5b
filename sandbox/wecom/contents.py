"""What a message may hold, per type (page 90236): too long is cut or refused, as the type has it."""

from collections.abc import Callable
from typing import Any

from sandbox.wecom.errors import WeComError, bad_field

MAX_TEXT, MAX_TITLE, MAX_DESCRIPTION, MAX_URL, MAX_BUTTON = 2048, 128, 512, 2048, 4
MAX_ARTICLES = 8
CARD_TYPES = {"text_notice", "news_notice", "button_interaction", "vote_interaction", "multiple_interaction"}

Content = dict[str, Any]


def read_content(body: dict[str, Any]) -> tuple[str, Content]:
    """Return the type and the content as members will see it."""
    msgtype = body.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in _READERS:
        raise WeComError(40008)
    content = body.get(msgtype)
    if not isinstance(content, dict):
        raise bad_field(msgtype)
    return msgtype, _READERS[msgtype](content)


def _text(content: Content) -> Content:
    return {**content, "content": _cut(_filled(content, "content", WeComError(44004)), MAX_TEXT)}


def _markdown(content: Content) -> Content:
    if len(_filled(content, "content", WeComError(44004)).encode()) > MAX_TEXT:
        raise WeComError(45002)
    return content


def _textcard(content: Content) -> Content:
    title = _filled(content, "title", bad_field("textcard.title"))
    description = _filled(content, "description", WeComError(41033))
    url = _filled(content, "url", bad_field("textcard.url"))
    if len(url.encode()) > MAX_URL or "://" not in url:
        raise bad_field("textcard.url")
    button = str(content.get("btntxt", "详情"))
    return {
        "title": title[:MAX_TITLE],
        "description": description[:MAX_DESCRIPTION],
        "url": url,
        "btntxt": button[:MAX_BUTTON],
    }


def _news(content: Content) -> Content:
    articles = content.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= MAX_ARTICLES:
        raise bad_field("news.articles")
    return content


def _card(content: Content) -> Content:
    if not isinstance(content.get("card_type"), str) or content["card_type"] not in CARD_TYPES:
        raise bad_field("template_card.card_type")
    main_title = content.get("main_title") or {}
    if not isinstance(main_title, dict):
        raise bad_field("template_card.main_title")
    if content["card_type"] == "text_notice":
        if not content.get("card_action"):
            raise bad_field("template_card.card_action")
        if not (main_title.get("title") or content.get("sub_title_text")):
            raise bad_field("template_card.main_title.title")
    return content


def _media(_content: Content) -> Content:
    """Media cannot be uploaded here, so no id is known."""
    raise WeComError(40007)


def _as_it_is(content: Content) -> Content:
    return content


_READERS: dict[str, Callable[[Content], Content]] = {
    "text": _text,
    "markdown": _markdown,
    "textcard": _textcard,
    "news": _news,
    "template_card": _card,
    "miniprogram_notice": _as_it_is,
    **dict.fromkeys(("image", "voice", "video", "file", "mpnews"), _media),
}


def _filled(content: Content, name: str, refusal: WeComError) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise refusal
    return value


def _cut(text: str, size: int) -> str:
    """The text within ``size`` bytes, never half a character."""
    return text.encode()[:size].decode(errors="ignore")
