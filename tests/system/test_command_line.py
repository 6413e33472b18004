"""The built program as a newcomer meets it: help, version, exit codes."""
import os
import subprocess
import unittest

from support import PATIENCE, required


def sundial(*arguments, **options):
    return subprocess.run([required("SUNDIAL_BINARY"), *arguments], capture_output=True, text=True, timeout=PATIENCE, **options)


class CommandLine(unittest.TestCase):
    def test_version_is_one_line(self):
        answer = sundial("version")
        self.assertEqual(answer.returncode, 0)
        self.assertRegex(answer.stdout, r"^sundial \d+\.\d+\.\d+\n$")

    def test_every_verb_has_help(self):
        listing = sundial("--help").stdout
        verbs = [line.split()[0] for line in listing.split("Subcommands:")[1].splitlines() if line.startswith("  ")]
        self.assertIn("version", verbs)
        for verb in verbs:
            answer = sundial(verb, "--help")
            self.assertEqual(answer.returncode, 0, verb)
            self.assertTrue(answer.stdout.strip(), verb)

    def test_an_unknown_verb_is_a_usage_error(self):
        answer = sundial("nonsense")
        self.assertEqual(answer.returncode, 64)
        self.assertEqual(answer.stdout, "")
        self.assertTrue(answer.stderr.strip())

    def test_a_reader_that_has_enough_ends_nothing_badly(self):
        reading, writing = os.pipe()
        os.close(reading)
        verb = subprocess.run([required("SUNDIAL_BINARY"), "next", "--cron", "@hourly", "--count", "1000"], stdout=writing,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        os.close(writing)
        self.assertEqual((verb.returncode, verb.stderr), (0, ""))

    def test_what_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            verb = subprocess.run([required("SUNDIAL_BINARY"), "next", "--cron", "@hourly", "--count", "1000"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        self.assertEqual(verb.returncode, 1)
        self.assertIn("is the disk full?", verb.stderr)


class Shells(unittest.TestCase):
    """Completion and manual pages, by the programs that read them."""

    def completed(self, shell, script):
        done = subprocess.run([shell, *(["-f"] if shell == "zsh" else ["--norc"]), "-c", script], capture_output=True, text=True,
                              timeout=PATIENCE, env={**os.environ, "SUNDIAL": required("SUNDIAL_BINARY")})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def in_bash(self, *words):
        line = " ".join(f"'{word}'" for word in words)
        return self.completed("bash", f"""compopt() {{ :; }}
source <("$SUNDIAL" completion bash)
COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _sundial; printf '%s\\n' "${{COMPREPLY[@]}}" """)

    def in_zsh(self, *words):
        line = " ".join(f"'{word}'" for word in words)
        # The completion system's own functions say what they would offer.
        return self.completed("zsh", f"""compadd() {{ print -l -- "$@" }}; _files() {{ print files }}
_describe() {{ print -l -- "${{(@P)2}}" }}; compdef() {{ : }}; _arguments() {{ print -l -- "$@" }}
words=({line}); CURRENT={len(words)}
eval "$("$SUNDIAL" completion zsh | sed '$d')"
_sundial""")

    def test_bash_offers_verbs_flags_and_words(self):
        self.assertEqual(self.in_bash("sundial", "che"), ["check"])
        self.assertIn("pause", self.in_bash("sundial", "schedule", ""))
        self.assertIn("--overlap-policy", self.in_bash("sundial", "schedule", "create", "--ov"))
        self.assertEqual(self.in_bash("sundial", "status", "--output", "js"), ["json", "jsonl"])

    def test_zsh_offers_verbs_flags_and_words(self):
        self.assertIn("check:Validate", " ".join(self.in_zsh("sundial", "")))
        self.assertIn("pause", " ".join(self.in_zsh("sundial", "schedule", "")))
        self.assertIn("--overlap-policy", " ".join(self.in_zsh("sundial", "schedule", "create", "--")))
        self.assertEqual(self.in_zsh("sundial", "status", "--output", "")[-3:], ["text", "json", "jsonl"])

    def test_the_manual_pages_are_clean(self):
        for page in (("reference", "commands"), ("reference", "manual")):
            text = sundial(*page).stdout
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", "-Kutf8"], input=text, capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stderr), (0, ""), page)
            self.assertIn(".TH ", text)


if __name__ == "__main__":
    unittest.main()
