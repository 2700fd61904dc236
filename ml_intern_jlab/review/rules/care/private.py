"""What must not be passed on: secrets, personal data, and uses that a licence forbids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...parsed_notebook import Cell
from ...rule import Found, Rule, Subject

# Shapes that the issuers document; each is specific enough to be no accident.
_TOKENS = {
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "an OpenAI key": r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})\b",
    "an AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{10,}\b",
    "a private key": r"-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{10,}",
    "a password in an address": r"\b[a-z][a-z0-9+]{1,20}://[^\s/:@'\"{}]+:[^\s/:@'\"{}$]{4,}@[\w.-]+",
}
_NAMED = re.compile(
    r"""(?ix)(?:password|passwd|pwd|secret|api_?key|access_?token|auth_?token|client_secret|private_?key|wandb_key)\w*
    ["']?\]?\s*(?:=|:)\s*["']([^"'\s]{8,})["']"""
)
_PLACEHOLDER = re.compile(
    r"(?i)your|xxx|\*\*\*|<|example|changeme|placeholder|dummy|test|\.\.\.|secret|password|token|getenv|environ"
)
_PERSONAL = {
    "e-mail addresses": r"\b[A-Za-z0-9._%+-]{1,64}@(?!example\.)[A-Za-z0-9-]+\.[A-Za-z]{2,}\b",
    "social security numbers": r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b",
    "telephone numbers": r"(?<![\w.-])(?:\+\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w.-])",
    "payment cards": r"(?<![\w.-])(?:4\d{3}|5[1-5]\d{2}|3[47]\d{2})[ -]\d{4}[ -]\d{4}[ -]\d{3,4}(?![\w.-])",
}


def _secrets(subject: Subject) -> Iterator[Found]:
    for cell in subject.notebook.cells:
        texts = [("the source", cell.source), *(("an output", output.text) for output in cell.outputs)]
        for where, text in texts:
            found = next(
                (
                    (what, m)
                    for what, shape in _TOKENS.items()
                    if (m := re.search(shape, text)) and not _PLACEHOLDER.search(m[0])
                ),
                None,
            )
            if found is None and where == "the source" and cell.kind == "code":
                named = next((m for m in _NAMED.finditer(text) if not _PLACEHOLDER.search(m[1])), None)
                found = ("a password or key", named) if named else None
            if found is not None:
                line = text.count("\n", 0, found[1].start()) + 1 if where == "the source" else 0
                yield Found(cell, line, f"There is {found[0]} in {where} of cell {cell.number}.")
                break


def _personal(subject: Subject) -> Iterator[Found]:
    for cell in subject.notebook.code:
        text = "\n".join(output.text for output in cell.outputs if output.kind != "error")
        for what, shape in _PERSONAL.items():
            if len(set(re.findall(shape, text))) >= 2:
                yield Found(cell, 0, f"The output of cell {cell.number} shows {what}.")
                break


_FORBIDS = re.compile(
    r"\b(CC[- ]BY[- ]NC(?:[- ](?:SA|ND))?(?:[- ]\d\.\d)?|non-?commercial(?: use)?(?: only)?|research (?:use|purposes) "
    r"only|academic use only|not for commercial use)\b",
    re.IGNORECASE,
)
_SELLS = re.compile(
    r"\b(commercial(?:ly)? (?:product|use|deploy\w*|service)|our (?:product|customers|paying)|for sale|"
    r"paying customers|in production for|our app|our shop|our clients)\b",
    re.IGNORECASE,
)


def _licences(subject: Subject) -> Iterator[Found]:
    texts: list[tuple[Cell, int, str]] = []
    for cell in subject.notebook.cells:
        texts += [(cell, number, line) for number, line in enumerate(cell.source.splitlines(), 1)]
        texts += [(cell, 0, line) for line in cell.printed.splitlines()[:500]]
    forbidden = next(((cell, line, m[0]) for cell, line, text in texts if (m := _FORBIDS.search(text))), None)
    uses = next((m[0] for _, _, text in texts if (m := _SELLS.search(_FORBIDS.sub("", text)))), None)
    if forbidden and uses:
        cell, line, words = forbidden
        yield Found(cell, line, f"The licence says “{words}”, the notebook speaks of “{uses.strip()}”.")


RULES = (
    Rule(
        id="secrets",
        area="care",
        severity="error",
        title="A secret in the notebook",
        why="Whoever gets the notebook gets the secret; it stays in the history for ever.",
        advice="Revoke it now. Read it from the environment or a key store instead.",
        bad="# %%\nimport os\nos.environ['API_KEY'] = 'q8Zr2LmN5vTx0PwK'\n",
        good="# %%\nimport os\nkey = os.environ['API_KEY']\n",
        check=_secrets,
    ),
    Rule(
        id="personal_data",
        area="care",
        severity="warning",
        title="Personal data in an output",
        why="Outputs are saved and passed on with the notebook.",
        advice="Leave these columns out of what is shown, and clear the output.",
        bad="# %%\nprint('two people')\n#> anna.berg@mail.se  +46 555-010-2030\n#> li.wei@post.cn  +86 555-010-2040\n",
        good="# %%\nprint('two people')\n#> 17  F  Uppsala\n",
        check=_personal,
    ),
    Rule(
        id="licence_conflict",
        area="care",
        severity="warning",
        title="A licence that forbids the use",
        why="Data or a model for non-commercial use may not go into a product.",
        advice="Use another source, or ask for a licence; say in the notebook which one holds.",
        bad="# %% [markdown]\n# The data is under CC BY-NC 4.0. The model is for our customers.\n# %%\nx = "
        "1\nprint(x)\n",
        good="# %% [markdown]\n# The data is under CC BY 4.0. The model is for our customers.\n# %%\nx = 1\nprint(x)\n",
        check=_licences,
    ),
)
