"""report - figures of all rounds as one table, on the screen or as Markdown."""
import statistics

from measure import spread

HEAD = ["what", "seconds", "events/s", "CPU s", "MB", "WAL MB", "ratio",
        "of CPU", "against", "goal"]
LEFT = ("what", "response", "against", "goal")


def met(ratio, goal):
    how, limit = goal.split()
    return ratio <= float(limit) if how == "<=" else ratio >= float(limit)


def ratios(figures, base):
    """Round by round: what the machine does meanwhile meets both alike."""
    return [a.seconds / b.seconds for a, b in zip(figures, base)]


def cpu_ratio(figures, base):
    """Of medians: a clock tick is too coarse for single rounds."""
    a, b = (statistics.median(f.cpu for f in fs) for fs in (figures, base))
    return "%.2f" % (a / b) if b else ""


def rows_of(case, results, events):
    """A case's figures, and a line for each further ratio."""
    figures = results[case.name]
    seconds = [f.seconds for f in figures]
    lines = [[
        case.name, spread(seconds),
        "%.0f" % (events / statistics.median(seconds)),
        "%.2f" % statistics.median(f.cpu for f in figures),
        "%.1f" % (max(f.memory for f in figures) / 1e6),
        "%.1f" % (statistics.median(f.wal for f in figures) / 1e6)]]
    for name, goal in case.against:
        if name not in results:
            continue
        r = ratios(figures, results[name])
        if len(lines[-1]) == len(HEAD):
            lines.append([""] * 6)
        lines[-1] += [
            spread(r, 2), cpu_ratio(figures, results[name]), name,
            "" if goal is None else "%s: %s" % (
                goal, "met" if met(statistics.median(r), goal) else "missed")]
    lines[-1] += [""] * (len(HEAD) - len(lines[-1]))
    return lines


def screen(rows):
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(
        c.ljust(w) if rows[0][i] in LEFT else c.rjust(w)
        for i, (c, w) in enumerate(zip(r, widths))).rstrip() for r in rows)


def markdown(rows):
    lines = ["| " + " | ".join(r) + " |" for r in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|"] + lines[1:])


def table(cases, results, events):
    return [HEAD] + [line for c in cases
                     for line in rows_of(c, results, events)]
