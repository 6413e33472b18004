"""Draws what scripts/bench measured: for each workload the agent's CPU a message beside the bare subscriber's."""
import json

# What each workload is, and the ratio that is to be reached.
SHOWN = {
    "w1-qos0": ("a condition on each message, QoS 0", 1.25),
    "w1-qos1": ("the same at QoS 1, journaled first", 1.4),
    "w4": ("the same at 1,000 messages a second", 1.25),
    "w2": ("a mean over 100 messages a device", 1.4),
}
LEFT, WIDTH, ROW, TOP = 310, 440, 44, 66
STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1f2933; }
  .small { font-size: 12px; fill: #52606d; }
  .bold { font-weight: 600; }
  .back { fill: #ffffff; }
  .floor { fill: #9aa5b1; }
  .agent { fill: #3c6bb3; }
  .axis { stroke: #52606d; stroke-width: 1.5; }
  .goal { stroke: #c4553d; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb; } .small { fill: #9aa5b1; } .back { fill: #12181f; }
    .floor { fill: #616e7c; } .agent { fill: #6b98dc; } .axis { stroke: #9aa5b1; } .goal { stroke: #e0765f; }
  }
"""


def text(x, y, words, kind="", anchor="start"):
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{words}</text>'


def row(y, words, ratio, goal, scale):
    parts = [text(LEFT - 12, y + 16, words, "", "end"),
             f'<rect class="agent" x="{LEFT}" y="{y}" width="{ratio * scale:.1f}" height="24"/>',
             f'<rect class="floor" x="{LEFT}" y="{y}" width="{scale:.1f}" height="24"/>',
             text(LEFT + max(ratio, goal) * scale + 8, y + 16, f"{ratio:.2f} times", "bold"),
             f'<path class="goal" d="M{LEFT + goal * scale:.1f},{y - 4} v32"/>']
    return "\n".join(parts)


def draw(document):
    """An SVG of the JSON that `scripts/bench --json` printed."""
    results = json.loads(document)
    shown = [(name, results[name]["sundial"]["ratio"]) for name in SHOWN if name in results]
    scale = WIDTH / max(2.0, *(ratio for _, ratio in shown))
    height, about = TOP + ROW * len(shown) + 58, results["about"]
    told = "; ".join(f"{SHOWN[name][0]}: {ratio:.2f}" for name, ratio in shown)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 882 {height}" width="882" height="{height}" role="img" aria-labelledby="t d">',
        "<title id=\"t\">CPU a message, against a bare subscriber that only counts</title>"
        f'<desc id="d">{told}</desc>', f"<style>{STYLE}</style>", f'<rect class="back" width="882" height="{height}" rx="8"/>',
        text(16, 28, "CPU a message, against a bare subscriber that only counts", "bold"),
        text(16, 48, "grey: the subscriber · blue: what Sundial adds · red line: to be reached", "small"),
    ]
    for place, (name, ratio) in enumerate(shown):
        lines.append(row(TOP + ROW * place + 4, SHOWN[name][0], ratio, SHOWN[name][1], scale))
    bottom = TOP + ROW * len(shown)
    lines += [f'<path class="axis" d="M{LEFT},{TOP - 4} V{bottom}"/>',
              text(16, bottom + 24, f"{about['command']}, commit {about['commit']}, {about['machine']}", "small"),
              text(16, bottom + 42, "medians of runs in turns with the subscriber on one machine", "small"), "</svg>"]
    return "\n".join(lines) + "\n"
