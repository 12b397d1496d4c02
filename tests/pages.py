"""Pages in a real browser, without a network."""

from contextlib import contextmanager

from playwright.sync_api import sync_playwright

ARGUMENTS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking",
             "--disable-component-update"]  # fmt: skip
# 3Dmol.js draws off screen and copies the picture, so its visible canvas has no WebGL context.
HAS_WEBGL = "document.createElement('canvas').getContext('webgl2') !== null"


@contextmanager
def opened(browser, path):
    """The report in headless Chromium with the network off; yields the page and its complaints."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS, chromium_sandbox=False)
        page = chromium.new_context(viewport={"width": 1200, "height": 900}, offline=True).new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on(
            "request",
            lambda request: complaints.append(request.url) if request.url.startswith("http") else None,
        )
        page.goto(path.as_uri())
        yield page, complaints
        chromium.close()
