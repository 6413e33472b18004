"""The built program as a newcomer meets it: help, version, exit codes."""
import subprocess
import unittest

from support import required


def sundial(*arguments, **options):
    return subprocess.run([required("SUNDIAL_BINARY"), *arguments], capture_output=True, text=True, timeout=30, **options)


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


if __name__ == "__main__":
    unittest.main()
