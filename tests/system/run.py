#!/usr/bin/env python3
"""Runs the system tests: real broker, real Temporal, real worker, the built agent.

usage: tests/system/run.py [--folder DIR] [--results DIR] [PATTERN…]

Every tests/system/test_*.py is a plain unittest module. A PATTERN picks modules or tests by part of
their name. SUNDIAL_BINARY, SUNDIAL_TEMPORAL and SUNDIAL_WORKER_PYTHON say where the programs are.
"""
import argparse
import signal
import sys
import time
import unittest
import xml.etree.ElementTree as tree
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


class Progress(unittest.TextTestResult):
    """One line a test, with its time; also what went wrong, at once."""

    started = time.monotonic()  # what fails before the first test is timed from here

    def startTest(self, test):
        self.started = time.monotonic()
        unittest.TestResult.startTest(self, test)

    def line(self, word, test):
        self.stream.writeln(f"{word:5} {time.monotonic() - self.started:6.1f}s  {test.id()}")
        self.stream.flush()

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.line("ok", test)

    def addSkip(self, test, reason):
        unittest.TestResult.addSkip(self, test, reason)
        self.line("skip", test)
        self.stream.writeln(f"      {reason}")

    def addError(self, test, problem):
        unittest.TestResult.addError(self, test, problem)
        self.line("ERROR", test)
        self.stream.writeln(self._exc_info_to_string(problem, test))

    def addFailure(self, test, problem):
        unittest.TestResult.addFailure(self, test, problem)
        self.line("FAIL", test)
        self.stream.writeln(self._exc_info_to_string(problem, test))


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=str(HERE))
    parser.add_argument("--results")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    # Where this runs in the background a shell has it ignore Ctrl-C, and what it starts inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tests = list(flatten(unittest.defaultTestLoader.discover(options.folder, pattern="test_*.py")))
    if options.patterns:
        tests = [test for test in tests if any(pattern in test.id() for pattern in options.patterns)]
    if not tests:
        print("no test matches", file=sys.stderr)
        return 1
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Progress).run(unittest.TestSuite(tests))
    if options.results:
        folder = Path(options.results)
        folder.mkdir(parents=True, exist_ok=True)
        tree.ElementTree(tree.Element("testsuites", tests=str(result.testsRun), failures=str(len(result.failures)),
                                      errors=str(len(result.errors)), skipped=str(len(result.skipped)))).write(folder / "results.xml")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
