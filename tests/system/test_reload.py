"""A reload puts other servers, credentials and limits in force while messages flow: nothing is lost or doubled."""
import json
import subprocess
import threading
import unittest

from support import Agent, FakeTemporal, Folder, Http, Mosquitto, free_port, required, wait_for

CONFIG = """
[device]
name = "moving"
[temporal]
address = "http://127.0.0.1:{temporal}"
max_connections = {connections}
[mqtt]
url = "{broker}"
client_id = "{client_id}"
{credentials}
[http]
{tokens}
[store]
sync = "{sync}"
[rule.each]
topic = "n/+"
start = {{ workflow = "Each", args = ["{{payload}}"] }}
"""

PASSWORD = "right@word"


def guarded_broker(folder):
    """A broker on which anybody may publish, and only the user `agent` hears anything."""
    folder.mkdir()
    folder.chmod(0o777)
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(folder / "users"), "agent", PASSWORD], check=True)
    (folder / "acl").write_text("topic write #\nuser agent\ntopic readwrite #\n")
    for name in ("users", "acl"):
        (folder / name).chmod(0o644)
    return Mosquitto(folder, f"password_file {folder / 'users'}\nacl_file {folder / 'acl'}")


class Reload(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.folder.path.chmod(0o755)  # Debian's mosquitto drops root, and reads its files after that
        (self.folder.path / "open").mkdir()
        self.agent = None
        self.open = Mosquitto(self.folder.path / "open")
        self.guarded = guarded_broker(self.folder.path / "guarded")
        self.temporals = [FakeTemporal(), FakeTemporal()]
        (self.folder.path / "token").write_text("first-token admin\n")
        (self.folder.path / "token").chmod(0o600)

    def tearDown(self):
        if self.agent:
            self.agent.stop()
        for one in (self.open, self.guarded, *self.temporals):
            one.stop()
        self.folder.close()

    def settings(self, **changed):
        return {"temporal": self.temporals[0].port, "broker": f"mqtt://127.0.0.1:{self.open.port}", "credentials": "",
                "tokens": "", "connections": 4, "client_id": "moving", "sync": "always", **changed}

    def reload(self, status=200, **changed):
        self.agent.config.write_text(CONFIG.format(**self.settings(**changed)))
        answer = self.agent.http.call("POST", "/api/v1/reload")
        self.assertEqual(answer[0], status, answer)
        return answer[1]

    def numbers(self):
        return sorted(payload["n"] for temporal in self.temporals for payload in temporal.started("Each"))

    def expect(self, count):
        wait_for(lambda: len(self.numbers()) >= count, f"{count} workflows")
        wait_for(lambda: self.agent.status()["outbox"]["entries"] == 0, "an empty outbox")
        self.assertEqual(self.numbers(), list(range(count)))

    def publish(self, broker, first, count):
        broker.publish_lines("n/x", [json.dumps({"n": n}) for n in range(first, first + count)])

    def test_other_servers_credentials_and_limits_take_effect(self):
        self.agent = Agent(self.folder.path, CONFIG.format(**self.settings())).start()
        publishing = threading.Thread(target=self.publish, args=(self.open, 0, 600))
        publishing.start()
        wait_for(lambda: len(self.numbers()) > 50, "the first")
        answer = self.reload(temporal=self.temporals[1].port, connections=9, sync="1s")
        self.assertEqual(answer["changed"], ["temporal", "store"])
        publishing.join()
        self.expect(600)
        self.assertGreater(len(self.temporals[1].started("Each")), 0, "the second server took over")
        before = len(self.temporals[0].started("Each"))
        there = f"mqtt://agent:right%40word@127.0.0.1:{self.guarded.port}"
        self.assertEqual(self.reload(temporal=self.temporals[1].port, broker=there)["changed"], ["temporal", "mqtt", "store"])
        self.agent.wait_ready()
        self.publish(self.guarded, 600, 200)
        self.expect(800)
        self.assertEqual(len(self.temporals[0].started("Each")), before)
        self.publish(self.open, 800, 100)  # the session there is kept meanwhile
        self.reload(temporal=self.temporals[1].port)
        self.agent.wait_ready()
        self.expect(900)
        self.assertNotIn("right", self.agent.program.text())
        self.assertNotIn("right", json.dumps(self.agent.status()))

    def test_what_can_not_be_put_in_force_changes_nothing(self):
        self.agent = Agent(self.folder.path, CONFIG.format(**self.settings())).start()
        answer = self.reload(status=409, client_id="another", temporal=self.temporals[1].port)
        self.assertIn("client_id", answer["error"]["message"])
        self.publish(self.open, 0, 10)
        self.expect(10)
        self.assertEqual(len(self.temporals[0].started("Each")), 10)

    def test_tokens_and_wrong_servers_are_followed_too(self):
        self.agent = Agent(self.folder.path, CONFIG.format(**self.settings())).start()
        wait_for(lambda: self.agent.status()["temporal"]["reachable"], "Temporal")
        self.reload(temporal=free_port(), tokens='token_file = "token"')
        self.assertEqual(self.agent.http.call("GET", "/api/v1/status")[0], 401)
        self.agent.http = Http(self.agent.port, token="first-token")
        wait_for(lambda: not self.agent.status()["temporal"]["reachable"], "nobody to be there")
        self.publish(self.open, 0, 20)
        wait_for(lambda: self.agent.status()["outbox"]["entries"] == 20, "all to wait")
        self.reload(tokens='token_file = "token"')
        wait_for(lambda: self.agent.status()["temporal"]["reachable"], "Temporal again")
        self.expect(20)

    def test_a_password_in_the_environment_is_used_and_never_shown(self):
        text = CONFIG.format(**self.settings()).replace(f'url = "mqtt://127.0.0.1:{self.open.port}"\n', "")
        there = f"mqtt://agent:right%40word@127.0.0.1:{self.guarded.port}"
        self.agent = Agent(self.folder.path, text, env={"MQTT_URL": there}).start()
        self.publish(self.guarded, 0, 5)
        self.expect(5)
        for command in ("check", "status", "doctor"):
            answer = subprocess.run(
                [required("SUNDIAL_BINARY"), command, "--config", str(self.agent.config)], capture_output=True, text=True,
                cwd=self.folder.path, env={"PATH": "/usr/bin:/bin", "MQTT_URL": there, "SUNDIAL_LISTEN": self.agent.listen})
            self.assertNotIn("right", answer.stdout + answer.stderr, command)
        self.assertNotIn("right", self.agent.program.text())
        self.assertNotIn("right", json.dumps(self.agent.status()))
        for file in self.agent.state.iterdir():
            self.assertNotIn(b"right", file.read_bytes(), file.name)


if __name__ == "__main__":
    unittest.main()
