"""The stock agent of smolagents at one task, with its own prompts and its own executor, for comparison.

    python bench/stock.py TASK --model M [--base-url URL] --max-steps N

Works in the current folder and prints one JSON object after each step and at the end, each on a line of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from smolagents import CodeAgent
from smolagents.memory import ActionStep, FinalAnswerStep
from smolagents.monitoring import LogLevel

from ml_intern_jlab.agent.models import create_model, readable


def main() -> None:
    """Let the stock agent work; whatever goes wrong is the reason in the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task")
    parser.add_argument("--model", required=True)
    parser.add_argument("--base-url", default="")
    parser.add_argument("--max-steps", type=int, default=8)
    options = parser.parse_args()
    started = time.monotonic()
    # Every import is authorised: what it may do isn't what is measured.
    agent = CodeAgent(
        tools=[],
        model=create_model(options.model, options.base_url),
        additional_authorized_imports=["*"],
        max_steps=options.max_steps,
        verbosity_level=LogLevel.OFF,
    )
    steps: list[ActionStep] = []

    def summary(status: str, answer: str = "", reason: str = "") -> None:
        usage = [step.token_usage for step in steps if step.token_usage]
        said = {
            "status": status,
            "answer": answer,
            "reason": reason,
            "steps": len(steps),
            "errors": sum(step.error is not None for step in steps),
            "input_tokens": sum(each.input_tokens for each in usage),
            "output_tokens": sum(each.output_tokens for each in usage),
            "seconds": round(time.monotonic() - started, 1),
        }
        print(json.dumps(said), flush=True)

    status, answer, reason = "finished", "", ""
    try:
        for event in agent.run(options.task, stream=True):
            if isinstance(event, ActionStep):
                steps.append(event)
                summary("failed", reason="not done")
            elif isinstance(event, FinalAnswerStep):
                answer = str(event.output)
    except Exception as error:
        status, reason = "failed", readable(error, agent.model)
    summary(status, answer, reason)


if __name__ == "__main__":
    main()
