"""stub"""

from starlette.responses import PlainTextResponse


def team(request):
    return PlainTextResponse("team")


def one(request):
    return PlainTextResponse("rep")


def compare(request):
    return PlainTextResponse("compare")
