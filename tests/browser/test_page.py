"""The status page in a real browser: each panel shows what the API says, each button does what it says."""
import gzip
import json
import re
import time
import unittest
from urllib.parse import quote

from chromium import PageTest
from support import wait_for
from surface import ask

HOSTILE = "<img src=x onerror=document.title='owned'>"

CONFIG = """
[schedule.nightly]
cron = "0 3 * * *"
start = { workflow = "DeviceEntity", id = "nightly-{schedule.time}", args = ["x"] }
[schedule.often]
cron = "*/30 * * * *"
publish = { topic = "often", payload = "x" }
[rule.hot]
topic = "sensors/{device}/t"
when = "payload.t > 80"
cooldown = "1s"
start = { workflow = "DeviceEntity", id = "hot-{topic.device}", args = ["{topic.device}"] }
[rule.door]
topic = "doors/{door}/button"
start = { workflow = "Approval", id = "door-{topic.door}", args = ["open {topic.door}"] }
[rule.dead]
topic = "dead/{device}"
signal = { id = "{topic.device}", name = "reading", args = [1] }
"""


class Page(PageTest):
    extra = CONFIG

    @classmethod
    def new_agent(cls, extra=None, **arguments):
        agent = super().new_agent(extra, **arguments)
        agent.config.write_text(agent.config.read_text().replace("[temporal]", '[temporal]\nui = "http://localhost:8233"'))
        return agent

    def test_the_glance_says_what_status_says(self):
        status = self.agent.status()
        self.assertIn("All is well", self.await_text("#sentence", "All is well"))
        self.assertIn("connected", self.text("#card-mqtt"))
        self.assertIn("reachable", self.text("#card-temporal"))
        self.assertIn(status["temporal"]["address"], self.text("#card-temporal"))
        self.assertIn("trusted", self.text("#card-clock"))
        self.assertIn("written today", self.text("#card-store"))
        self.assertIn("in the journal", self.text("#card-store"))
        self.assertIn(status["version"], self.text("footer"))
        self.assertIn("greenhouse-1", self.text("h1"))
        self.assertIn("Outbox, last hour", self.await_text("figcaption", "at most"))

    def test_schedules_and_their_buttons(self):
        item = "[data-id=nightly]"
        self.await_text(item, "Next:")
        self.assertGreater(self.run_page("return await page.locator('[data-id=often] svg .coming').count()"), 5)
        self.run_page("page.once('dialog', (dialog) => dialog.accept('too loud'))")
        self.press("Pause nightly", item)
        self.await_text(item, "Paused: too loud")
        self.assertTrue(self.ask("GET", "/api/v1/schedules/nightly").json["paused"])
        self.press("Resume nightly", item)
        wait_for(lambda: not self.ask("GET", "/api/v1/schedules/nightly").json["paused"], "the schedule to go on")
        self.run_page("await page.locator('[data-id=nightly] summary').click()")
        self.run_page("await page.waitForFunction(() => document.querySelectorAll('[data-id=nightly] ol li').length === 10)")
        self.press("Trigger nightly now", item)
        wait_for(lambda: self.temporal.workflows("WorkflowId STARTS_WITH 'nightly-'"), "the triggered run")
        self.await_text("#sent-list", "nightly-")
        self.assertIn("schedule nightly", self.text("#sent-list"))

    def test_rules_show_counters_keys_and_why(self):
        self.broker.publish("sensors/r1/t", '{"t": 90}')
        self.broker.publish("sensors/r2/t", '{"t": 20}')
        item = "[data-id=hot]"
        self.await_text(item + " .why", "fired")
        rule = self.ask("GET", "/api/v1/rules/hot").json["counters"]
        self.await_text(item, f"fired: {rule['fired']}")
        self.run_page("await page.locator('[data-id=hot] summary').first().click()")
        self.await_text(item + " table", "r1")
        self.press("Reset key r1", item)
        wait_for(lambda: "r1" not in [key["key"] for key in self.ask("GET", "/api/v1/rules/hot/keys").json["items"]], "the reset")

    def test_sparklines_begin_with_the_last_hour(self):
        self.broker.publish("sensors/s1/t", '{"t": 90}')
        wait_for(lambda: self.ask("GET", "/api/v1/rules/hot").json["counters"]["fired"] > 0, "a firing")
        self.assertIn("hot", wait_for(lambda: self.ask("GET", "/api/v1/load").json["rules"], "the first sample", 60))
        self.open()
        self.run_page("await page.waitForFunction(() => /\\d,/.test(document.querySelector('[data-id=hot] .spark polyline')?.getAttribute('points') || ''))")

    def test_a_workflow_opens_to_all_about_it(self):
        self.broker.publish("sensors/w1/t", '{"t": 99}')
        row = "#sent-list article:has-text('hot-w1')"
        self.assertIn("rule hot", self.await_text(row, "hot-w1"))
        self.run_page("await page.locator(argument + ' summary').click()", row)
        opened = self.await_text(row, "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED")
        self.assertIn('"status": "running"', opened)
        link = self.run_page("return await page.locator(argument + ' a').getAttribute('href')", row)
        self.assertEqual(link, "http://localhost:8233/namespaces/default/workflows/hot-w1")

        def fill(form, name, arguments):
            self.run_page("""const form = page.locator(argument[0]).getByRole('form', {name: argument[1]});
                if (argument[2]) await form.getByLabel(argument[1] + ' name').fill(argument[2]);
                await form.locator('input').last().fill(argument[3]);
                await form.getByRole('button').click();""", [row, form, name, arguments])

        fill("Signal", "reading", "21.5")
        self.await_text(row, '"status": "sent"')
        fill("Query", "latest", "")
        self.await_text(row, '"result": 21.5')
        fill("Update", "set_threshold", "70")
        self.await_text(row, '"result": 80')
        fill("Update", "set_threshold", "-1")
        self.await_text(row, "above zero")
        fill("Signal", "reading", "no json")
        self.await_text(row, "JSON")
        fill("Terminate", "", "enough of it")
        self.await_text(row, "terminated")
        wait_for(lambda: self.temporal.describe("hot-w1")["status"].endswith("TERMINATED"), "the end")
        self.broker.publish("sensors/w2/t", '{"t": 99}')
        self.open()
        row = "#sent-list article:has-text('hot-w2')"
        self.await_text(row, "hot-w2")
        self.run_page("await page.locator(argument + ' summary').click()", row)
        self.await_text(row, "Cancel")
        fill("Cancel", "", "no more")
        self.await_text(row, "cancel_requested")

    def test_somebody_approves_on_the_page(self):
        self.broker.publish("doors/front/button", "pressed")
        row = "#sent-list article:has-text('door-front')"
        self.await_text(row, "door-front")
        self.run_page("await page.locator(argument + ' summary').click()", row)
        self.await_text(row, '"status": "running"')

        def press(form, name, argument=None):
            self.run_page("""const form = page.locator(argument[0]).getByRole('form', {name: argument[1]});
                await form.getByLabel(argument[1] + ' name').fill(argument[2]);
                if (argument[3] !== null) await form.locator('input').last().fill(argument[3]);
                await form.getByRole('button').click();""", [row, form, name, argument])

        press("Query", "status")
        self.await_text(row, '"result": "waiting"')
        press("Signal", "approve", '"from the page"')
        self.await_text(row, '"status": "sent"')
        result = self.ask("GET", "/api/v1/workflows/door-front/result?wait=150s")
        self.assertEqual(result.json["result"], {"request": "open front", "status": "approved", "comment": "from the page"})

    def test_dead_letters_retry_and_drop(self):
        self.broker.publish("dead/gone", "1")
        self.await_text("#outbox-list", "dead")
        self.await_text("#sentence", "dead letter")
        number = self.ask("GET", "/api/v1/outbox?state=dead").json["items"][0]["number"]
        self.press(f"Retry record {number}")
        self.await_text("#announce", "done")
        wait_for(lambda: self.agent.status()["outbox"]["dead"] == 1, "its second end")
        self.open()
        self.await_text("#outbox-list", "dead")
        self.run_page("page.once('dialog', (dialog) => dialog.accept())")
        self.press(f"Drop record {number}")
        wait_for(lambda: self.agent.status()["outbox"]["dead"] == 0, "the drop")
        self.await_text("#outbox-list", "Nothing waits")

    def test_events_come_live_with_filter_and_pause(self):
        self.await_text("#event-mode", "live")
        self.broker.publish("sensors/e1/t", '{"t": 90}')
        self.await_text("#event-list", "[e1]")
        self.run_page("await page.fill('#event-filter', 'no such text')")
        self.assertNotIn("[e1]", self.text("#event-list"))
        self.run_page("await page.fill('#event-filter', 'E1')")
        self.assertIn("[e1]", self.text("#event-list"))
        self.run_page("await page.fill('#event-filter', '')")
        self.press("Pause", "#events")
        self.broker.publish("sensors/e2/t", '{"t": 90}')
        wait_for(lambda: self.ask("GET", "/api/v1/events?key=e2").json["items"], "the event")
        time.sleep(1)
        self.assertNotIn("[e2]", self.text("#event-list"))
        self.press("Go on", "#events")
        self.await_text("#event-list", "[e2]")

    def test_what_comes_between_asking_and_the_stream_is_shown(self):
        self.broker.publish("sensors/early/t", '{"t": 90}')
        wait_for(lambda: self.ask("GET", "/api/v1/events?key=early").json["items"], "the event")
        empty = "**/api/v1/events?limit=100"
        self.run_page("await page.route(argument, (route) => route.fulfill({json: {items: [], next: ''}}))", empty)
        try:
            self.run_page("await page.reload()")
            self.await_text("#event-list", "[early]")
        finally:
            self.run_page("await page.unroute(argument)", empty)

    def test_a_full_house_of_streams_falls_back_to_asking(self):
        self.run_page("await page.goto('about:blank')")
        streams = self.run_page("""globalThis.held = [];
            for (let n = 0; n < 16; ++n) { const c = new AbortController();
              const a = await fetch(argument + 'api/v1/events', {headers: {Accept: 'text/event-stream'}, signal: c.signal});
              globalThis.held.push(c); if (!a.ok) return a.status; } return 200;""", f"http://127.0.0.1:{self.agent.port}/")
        self.assertIn(streams, (200, 503))
        try:
            self.open()
            self.await_text("#event-mode", "asking")
            self.broker.publish("sensors/p1/t", '{"t": 90}')
            self.await_text("#event-list", "[p1]")
        finally:
            self.run_page("for (const c of globalThis.held) c.abort()")

    def test_a_message_is_tried_without_effect(self):
        self.run_page("await page.fill('#try-topic', 'sensors/t1/t'); await page.fill('#try-payload', '{\"t\": 91}')")
        self.press("Try", "#try-form")
        self.await_text("#try-result", "hot-t1")
        self.assertIsNone(self.temporal.describe("hot-t1"))
        self.run_page("await page.fill('#try-topic', 'sensors/+/t')")
        self.press("Try", "#try-form")
        self.await_text("#try-result", "topic")

    def test_text_from_devices_stays_text(self):
        self.ask("POST", "/api/v1/messages", {"topic": f"sensors/{HOSTILE}/t", "payload": {"t": 90, "x": HOSTILE}})
        self.ask("POST", "/api/v1/schedules", {"id": HOSTILE, "cron": "0 0 1 1 *", "note": HOSTILE,
                                               "paused": True, "start": {"workflow": HOSTILE}})
        self.await_text("#event-list", HOSTILE)
        self.open()
        self.await_text("#schedule-list", HOSTILE)
        self.await_text("#rule-list .why", "img")
        self.assertNotIn("owned", self.run_page("return await page.title()"))
        self.assertEqual(self.run_page("return await page.locator('main img').count()"), 0)
        self.ask("DELETE", "/api/v1/schedules/" + quote(HOSTILE, safe=""))

    def test_the_page_survives_the_agents_restart(self):
        self.await_text("#sentence", "All is well")
        self.agent.kill()
        self.await_text("#sentence", "does not answer")
        self.shot("lost")
        self.agent.start()
        self.await_text("#sentence", "All is well")
        self.await_text("#event-mode", "live")
        self.broker.publish("sensors/back/t", '{"t": 90}')
        self.await_text("#event-list", "[back]")

    def test_it_fits_a_phone_light_and_dark(self):
        colours = []
        for scheme in ("light", "dark"):
            self.open(viewport={"width": 320, "height": 640}, colorScheme=scheme)
            self.await_text("#rule-list", "hot")
            wide = self.run_page("return await page.evaluate(() => document.documentElement.scrollWidth)")
            self.assertLessEqual(wide, 320)
            colours.append(self.run_page("return await page.evaluate(() => getComputedStyle(document.body).backgroundColor)"))
            self.shot(f"phone-{scheme}")
        self.assertNotEqual(*colours)
        self.open(colorScheme="dark")
        self.await_text("#rule-list", "hot")
        self.shot("desktop-dark")

    def test_everything_has_a_name_and_a_key(self):
        self.await_text("#rule-list", "hot")
        nameless = self.run_page("""return await page.evaluate(() => [...document.querySelectorAll('main button, main input, main textarea')]
            .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length))).map((e) => e.outerHTML))""")
        self.assertEqual(nameless, [])
        self.run_page("await page.keyboard.press('Tab')")
        self.assertEqual(self.run_page("return await page.evaluate(() => document.activeElement.className)"), "skip")
        self.run_page("await page.keyboard.press('Enter')")
        reached = self.run_page("""const seen = []; for (let n = 0; n < 60; ++n) { await page.keyboard.press('Tab');
            seen.push(await page.evaluate(() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.slice(0, 40))); } return seen;""")
        self.assertIn("Pause nightly", reached)
        self.assertIn("Trigger nightly now", reached)

    def test_the_page_is_small_and_soon_there(self):
        size = sum(len(gzip.compress(ask(self.agent.port, "GET", path).text.encode())) for path in ("/", "/app.js", "/app.css"))
        self.assertLessEqual(size, 60 * 1024)
        pace = re.search(r"POLL = (\d+), PATIENCE = (\d+)", ask(self.agent.port, "GET", "/app.js").text)
        self.assertLess(int(pace[1]) + int(pace[2]), 5000, "an agent that is lost is said within five seconds")
        paint = self.run_page("return await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime)")
        print(json.dumps({"page_gzip_bytes": size, "first_paint_ms": round(paint)}))


class LogIn(PageTest):
    extra = '[http]\ntoken_file = "tokens"\n[rule.secret-rule]\ntopic = "t"\npublish = { topic = "x", payload = "x" }\n'
    files = {"tokens": "admin-token\nreader-token read\n"}

    @classmethod
    def new_agent(cls, extra=None, **arguments):
        agent = super().new_agent(extra, **arguments)
        agent.http.token = "admin-token"
        return agent

    def log_in(self, token):
        self.run_page("await page.fill('#token', argument); await page.press('#token', 'Enter')", token)

    def test_the_shell_shows_nothing_until_the_token_is_right(self):
        self.await_text("#log-in", "Token")
        self.assertNotIn("greenhouse-1", self.run_page("return await page.content()"))
        self.log_in("wrong")
        self.await_text("#log-in-problem", "wrong")
        self.log_in("admin-token")
        self.await_text("#rule-list", "secret-rule")
        self.run_page("await page.reload()")
        self.await_text("#rule-list", "secret-rule")
        self.press("Log out", "header")
        self.await_text("#log-in", "Token")
        self.assertNotIn("secret-rule", self.run_page("return await page.content()"))


if __name__ == "__main__":
    unittest.main()
