"""The results as one Markdown page, with what was to be reached and whether it was."""

from measure import exponents

# What is to be reached.
NICKEL_AT_MOST = 1.25
ANSIBLE_AT_LEAST = 100
WARM_AT_MOST = 0.2
EXPONENT_AT_MOST = 1.1
MEBIBYTES_AT_MOST = 1000**3 / 1024**2

COLD = "mediac build, cold"
COLD_WRITES = "mediac build, cold, into an empty folder"
WARM = "mediac build, nothing changed"


def duration(seconds):
    """A time with three digits that mean something."""
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"


class Page:
    """Collects rows and verdicts."""

    def __init__(self, machine, versions):
        self.lines = ["# Measured", ""]
        self.lines += ["Written by `bench/run`; [README.md](README.md) says what is compared and how.", ""]
        self.lines += [f"Machine: {machine}. Versions: {', '.join(versions)}.", ""]
        self.missed = []

    def verdict(self, name, reached):
        """Remembers what was missed."""
        if not reached:
            self.missed.append(name)
        return "yes" if reached else "**no**"

    def table(self, head, rows):
        """A Markdown table; all columns but the first hold numbers or words of one kind."""
        self.lines += [f"| {' | '.join(head)} |", "|---" + "|--:" * (len(head) - 1) + "|"]
        self.lines += [f"| {' | '.join(row)} |" for row in rows] + [""]

    def comparison(self, times, absent):
        """Each process, and how long it takes in units of a cold build."""
        cold = times[COLD]
        rows = []
        for name, taken in times.items():
            numbers = (duration(taken.minimum), duration(taken.median), duration(taken.deviation))
            rows.append([name, *numbers, f"{taken.median / cold.median:.2f}", str(len(taken.seconds))])
        rows += [[name, f"not run: {why}", "", "", "", ""] for name, why in absent.items()]
        self.lines += ["## One host: hosts/home.ncl", ""]
        self.table(["process", "min", "median", "σ", "ratio to a cold build", "runs"], rows)

    def targets(self, times):
        """What was to be reached for one host."""
        cold = times[COLD].median
        rows = []
        if "nickel export" in times:
            ratio = cold / times["nickel export"].median
            rows.append(["a cold build in units of `nickel export`", f"≤ {NICKEL_AT_MOST}", f"{ratio:.2f}"])
            rows[-1].append(self.verdict("nickel", ratio <= NICKEL_AT_MOST))
        if "ansible-playbook --check --diff" in times:
            ratio = times["ansible-playbook --check --diff"].median / cold
            rows.append(["times faster than `ansible-playbook --check --diff`", f"≥ {ANSIBLE_AT_LEAST}", f"{ratio:.0f}"])
            rows[-1].append(self.verdict("ansible", ratio >= ANSIBLE_AT_LEAST))
        ratio = times[WARM].median / cold
        rows.append(["a build without changes in units of a cold one", f"≤ {WARM_AT_MOST}", f"{ratio:.2f}"])
        rows[-1].append(self.verdict("warm", ratio <= WARM_AT_MOST))
        self.table(["target", "to reach", "measured", "reached"], rows)

    def scale(self, what, samples):
        """How time and memory grow."""
        steps, overall = exponents(samples)
        rows = []
        for sample, step in zip(samples, [None, *steps]):
            times = sample.times
            row = [f"{sample.size} {what}", duration(times.minimum), duration(times.median), duration(times.deviation)]
            row += [duration(times.median / sample.size), f"{sample.kibibytes / 1024:.0f} MiB"]
            rows.append([*row, "" if step is None else f"{step:.2f}"])
        self.lines += [f"## Scale: {what}", ""]
        self.table(["size", "min", "median", "σ", "median of each", "peak memory", "exponent since the size above"], rows)
        worst, most = max([overall, *steps]), max(sample.kibibytes for sample in samples) / 1024
        growth = f"{overall:.2f} over all, {max(steps):.2f} at worst"
        targets = [["growth exponent", f"≤ {EXPONENT_AT_MOST}", growth, self.verdict(f"{what}: growth", worst <= EXPONENT_AT_MOST)]]
        targets += [["peak memory", "< 1 GB", f"{most:.0f} MiB", self.verdict(f"{what}: memory", most < MEBIBYTES_AT_MOST)]]
        self.table(["target", "to reach", "measured", "reached"], targets)

    def text(self):
        """The whole page."""
        return "\n".join(self.lines).rstrip() + "\n"
