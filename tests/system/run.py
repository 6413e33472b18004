#!/usr/bin/env python3
"""Runs the system tests: real broker, real Temporal, real worker, the built agent.

usage: tests/system/run.py [--folder DIR] [--results DIR] [--jobs N] [PATTERN…]

Every tests/system/test_*.py is a plain unittest module. A PATTERN picks modules or tests by part of
their name. SUNDIAL_BINARY, SUNDIAL_TEMPORAL and SUNDIAL_WORKER_PYTHON say where the programs are.
With --jobs several modules run side by side, a process each: they mostly wait for timers and for one
another's programs, and share neither port nor folder.
"""
import argparse
import signal
import subprocess
import sys
import threading
import time
import unittest
import xml.etree.ElementTree as tree
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


# The longest modules, in the order of their length.
FIRST = ("test_faults", "test_patterns_calls", "test_surface_openapi", "test_continue_as_new", "test_surface_api", "test_path",
         "test_surface_lab", "test_surface_access", "test_reload")


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


def select(folder, patterns, modules):
    tests = list(flatten(unittest.defaultTestLoader.discover(folder, pattern="test_*.py")))
    if patterns:
        tests = [test for test in tests if any(pattern in test.id() for pattern in patterns)]
    if modules:
        tests = [test for test in tests if module_of(test) in modules]
    return tests


def module_of(test):
    return test.id().split(".")[0]


def groups(tests):
    """What runs in one process: a module, and all those together that share the site of patterns.py. The longest
    come first, so that none of them is left alone at the end."""
    found = {}
    for test in tests:
        module = module_of(test)
        shared = hasattr(sys.modules.get(module), "site")
        found.setdefault("patterns" if shared else module, []).append(module)
    return sorted((sorted(set(modules)) for modules in found.values()),
                  key=lambda modules: (FIRST.index(modules[0]) if modules[0] in FIRST else len(FIRST), modules))


class SideBySide:
    """Modules in processes of their own, `jobs` at a time: their lines as they come, what failed once more at the end."""

    def __init__(self, options, waiting):
        self.options, self.waiting, self.lock = options, waiting, threading.Lock()
        self.failures, self.children = [], set()

    def work(self):
        while True:
            with self.lock:
                if not self.waiting:
                    return
                modules = self.waiting.pop(0)
            self.run(modules)

    def run(self, modules):
        command = [sys.executable, "-u", __file__, "--folder", self.options.folder, *self.options.patterns]
        for module in modules:
            command += ["--module", module]
        if self.options.results:
            command += ["--results", self.options.results]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        with self.lock:
            self.children.add(child)
        lines = []
        for line in child.stdout:
            lines.append(line)
            with self.lock:
                sys.stdout.write(line)
                sys.stdout.flush()
        if child.wait() != 0:
            end = next((place for place, line in enumerate(lines) if line.startswith("=====")), -40)
            self.failures.append("".join(lines[end:]))
        with self.lock:
            self.children.discard(child)

    def all(self):
        threads = [threading.Thread(target=self.work, daemon=True) for _ in range(self.options.jobs)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException:
            self.waiting.clear()
            for child in self.children:
                child.send_signal(signal.SIGINT)
            raise
        for failure in self.failures:
            print(failure)
        return 1 if self.failures else 0


def run_here(tests, options):
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Progress).run(unittest.TestSuite(tests))
    if options.results:
        folder = Path(options.results)
        folder.mkdir(parents=True, exist_ok=True)
        name = (options.module or ["results"])[0] + ".xml"
        tree.ElementTree(tree.Element("testsuites", tests=str(result.testsRun), failures=str(len(result.failures)),
                                      errors=str(len(result.errors)), skipped=str(len(result.skipped)))).write(folder / name)
    return 0 if result.wasSuccessful() else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=str(HERE))
    parser.add_argument("--results")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--module", action="append", help="only the tests of this module (as a child of --jobs is called)")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    # Where this runs in the background a shell has it ignore Ctrl-C, and what it starts inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tests = select(options.folder, options.patterns, options.module)
    if not tests:
        print("no test matches", file=sys.stderr)
        return 1
    if options.jobs > 1:
        return SideBySide(options, groups(tests)).all()
    return run_here(tests, options)


if __name__ == "__main__":
    sys.exit(main())
