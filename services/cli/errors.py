"""Errors of the command.

CommandError  the person at the terminal: one line that says what is wrong and the next step
├── UsageError        wrong use or configuration: exit status 2
└── AnswerError       it ran and the answer is no: exit status 1
"""


class CommandError(Exception):
    """What the command says in one line before it ends."""

    status = 1


class UsageError(CommandError):
    status = 2


class AnswerError(CommandError):
    status = 1
