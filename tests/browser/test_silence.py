"""Why nothing happened, read off the page: one test for each cause of silence."""
import time

from chromium import PageTest
from support import wait_for

RULES = """
[rule.cooling]
topic = "cooling/{device}"
when = "payload.t > 80"
cooldown = "1h"
publish = { topic = "out", payload = "x" }
[rule.latched]
topic = "latched/{device}"
when = "payload.t > 80"
clear_when = "payload.t < 75"
publish = { topic = "out", payload = "x" }
[rule.held]
topic = "held/{device}"
when = "payload.t > 80"
hold = "1h"
publish = { topic = "out", payload = "x" }
[rule.steady]
topic = "steady/{device}"
change = { of = "payload.t", by = 5 }
publish = { topic = "out", payload = "x" }
[rule.broken]
topic = "broken/{device}"
when = "payload.t > 80"
publish = { topic = "out", payload = "x" }
[rule.fresh]
topic = "fresh/{device}"
retained = "ignore"
publish = { topic = "out", payload = "x" }
[schedule.stopped]
cron = "* * * * * *"
paused = true
note = "holiday"
publish = { topic = "out", payload = "x" }
"""


class Silence(PageTest):
    extra = RULES

    def why(self, rule, part):
        return self.await_text(f"[data-id={rule}] .why", part)

    def test_cooldown(self):
        for t in (90, 91):
            self.broker.publish("cooling/a", f'{{"t": {t}}}')
        self.why("cooling", "suppressed, cooldown")
        self.await_text("[data-id=cooling]", "cooldown 1")

    def test_hysteresis(self):
        for t in (90, 78, 90):
            self.broker.publish("latched/a", f'{{"t": {t}}}')
        self.why("latched", "suppressed, clear_when")

    def test_hold(self):
        self.broker.publish("held/a", '{"t": 90}')
        # While it holds there is no decision yet: the key's state says that it is pending.
        self.await_text("[data-id=held]", "keys: 1")
        self.run_page("await page.locator('[data-id=held] summary').first().click()")
        self.assertIn("hold", self.await_text("[data-id=held] table", "a"))
        self.broker.publish("held/a", '{"t": 20}')
        self.open()
        self.why("held", "suppressed, hold")

    def test_deadband(self):
        for t in (20, 22):
            self.broker.publish("steady/a", f'{{"t": {t}}}')
        self.why("steady", "suppressed, change")

    def test_error(self):
        self.broker.publish("broken/a", '{"temperature": 90}')
        self.await_text("[data-id=broken]", "errors: 1")
        self.assertIn("there is no field 't'", self.why("broken", "failed, when"))

    def test_retained(self):
        self.broker.publish("fresh/a", "1", retain=True)
        wait_for(lambda: self.ask("GET", "/api/v1/rules/fresh").json["counters"]["fired"] == 1, "the live message")
        self.agent.stop()
        self.broker.publish("fresh/b", "1", retain=True)
        for file in self.agent.state.iterdir():  # a new session is sent what is retained
            if file.is_file():
                file.unlink()
        self.agent.config.write_text(self.agent.config.read_text().replace("[mqtt]", '[mqtt]\nclient_id = "another"'))
        self.agent.start()
        self.open()
        self.why("fresh", "suppressed, retained")

    def test_broker_away(self):
        self.broker.stop()
        try:
            self.await_text("#sentence", "not connected to the broker")
            self.await_text("#card-mqtt", "not connected")
        finally:
            self.broker.start()
        self.await_text("#sentence", "All is well")

    def test_paused(self):
        self.await_text("[data-id=stopped]", "Paused: holiday")
        self.await_text("[data-id=stopped]", "missed, paused")


class Clock(PageTest):
    """A device that does not trust its clock yet: as after a boot without a network."""

    extra = '[schedule.daily]\ncron = "* * * * * *"\npublish = { topic = "out", payload = "x" }\n'

    @classmethod
    def new_agent(cls, extra=None, **arguments):
        agent = super().new_agent(extra, **arguments)
        agent.config.write_text(agent.config.read_text().replace("[device]", '[device]\nclock_wait = "100000h"'))
        return agent

    def test_clock(self):
        if self.agent.status()["clock"]["trusted"]:
            # This machine's clock is synchronized, and says so: there is nothing to wait for.
            self.await_text("#card-clock", "trusted")
            self.assertNotIn("not trusted", self.text("#card-clock"))
            return
        self.await_text("#card-clock", "not trusted yet")
        self.await_text("[data-id=daily]", "Waits for a clock that can be trusted")
        self.await_text("#sentence", "the clock is not trusted yet")
        time.sleep(1)
        self.assertEqual(self.ask("GET", "/api/v1/events?id=daily").json["items"], [])
