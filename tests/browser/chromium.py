"""A real Chromium on the status page, driven line by line, and the agent's programs behind it."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

from support import PATIENCE, ROOT, required  # noqa: E402
from surface import SurfaceTest  # noqa: E402

SHOTS = Path(os.environ.get("SUNDIAL_SCREENSHOTS", ROOT / "build" / "screenshots"))


class Chromium:
    def __init__(self):
        required("SUNDIAL_CHROMIUM"), required("SUNDIAL_PLAYWRIGHT")
        self.process = subprocess.Popen(["node", str(HERE / "driver.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, start_new_session=True)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the browser ended")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def run(self, code, argument=None, options=None):
        self.process.stdin.write(json.dumps({"code": code, "argument": argument, "options": options}) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


class PageTest(SurfaceTest):
    """Each test begins on a page that was just opened."""

    screen = {"viewport": {"width": 1280, "height": 900}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = Chromium()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.open()

    def tearDown(self):
        self.shot()
        self.assertEqual(self.browser.run("return wrongs.splice(0)"), [])

    def open(self, **screen):
        self.browser.run("await page.goto(argument); await page.waitForSelector('#sentence[data-state]:not([data-state=wait])')",
                         f"http://127.0.0.1:{self.agent.port}/", {**self.screen, **screen})

    def run_page(self, code, argument=None):
        return self.browser.run(code, argument)

    def text(self, selector):
        return self.run_page("return await page.locator(argument).innerText()", selector)

    def await_text(self, selector, part, seconds=PATIENCE):
        """Waits until the element says it, and returns all of its text."""
        deadline, text = time.monotonic() + seconds, ""
        while time.monotonic() < deadline:
            text = self.run_page("const l = page.locator(argument); return (await l.count()) ? await l.first().innerText() : ''", selector)
            if part in text:
                return text
            time.sleep(0.2)
        self.fail(f"{selector} never said {part!r}, but: {text!r}")

    def press(self, name, within="body"):
        self.run_page("await page.locator(argument[1]).getByRole('button', {name: argument[0], exact: true}).click()", [name, within])

    def shot(self, name=None):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.run_page("await page.screenshot({path: argument, fullPage: true})", str(SHOTS / f"{name or self._testMethodName}.png"))
