"""Runs GoogleTest programs, each in several processes at once, and counts."""
import json
import subprocess


class Tests:
    def __init__(self, here, report, environment, pool, jobs, standin, say):
        self.here, self.report, self.environment, self.standin = here, report, environment, standin
        self.pool, self.jobs, self.say = pool, jobs, say
        self.failed, self.left_out = [], []

    def run(self, program, under=(), share=1, title=None, environment=None):
        """Every `share`th test of a program, `under` another one."""
        title = title or program
        name = title.replace(" ", "-").replace(",", "")
        # Those of a sanitizer would wait for one another on the device.
        shards = 1 if under else max(1, min(self.jobs, 8))
        results = list(self.pool.map(lambda shard: self.shard(program, under, name, shard, shards * share, environment),
                                     range(shards)))
        count = {key: sum(found.get(key, 0) for _, found, _ in results) for key in ("passed", "failed", "skipped")}
        bad = [number for number, (code, _, _) in enumerate(results) if code]
        # What asks the stand-in for something is skipped on a real driver, which may be all of a program.
        done = count["passed"] + (0 if self.standin else count["skipped"])
        if bad or not done:
            self.failed.append(title)
            for number in bad:
                print("\n".join(results[number][2].splitlines()[-40:]))
        self.say(f"{title}: {count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped"
                 + (", and it did not end well" if bad and not count["failed"] else ""))

    def shard(self, program, under, name, shard, shards, environment):
        """The exit code of one process, its counts, and what it printed."""
        outcome = self.report / f"{name}-{shard}.json"
        outcome.unlink(missing_ok=True)
        done = subprocess.run([*under, str(self.here / "tests" / program), f"--gtest_output=json:{outcome}"],
                              env=dict(environment or self.environment, GTEST_SHARD_INDEX=str(shard), GTEST_TOTAL_SHARDS=str(shards)),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        (self.report / f"{name}-{shard}.log").write_text(done.stdout, encoding="utf-8")
        count = {"passed": 0, "failed": 0, "skipped": 0}
        if outcome.exists():
            for suite in json.loads(outcome.read_text(encoding="utf-8"))["testsuites"]:
                for test in suite["testsuite"]:
                    if test["status"] == "RUN":
                        count["failed" if "failures" in test else
                              "skipped" if test["result"] == "SKIPPED" else "passed"] += 1
            outcome.unlink()
        return done.returncode, count, done.stdout
