"""The magics and the shell commands that are known, by what they do."""

from __future__ import annotations

import re
from functools import cache

from ...protocol import RiskClass as Risk
from .names import is_secret_name
from .rules import SECRET_PATH
from .values import names_in, shown

MAGICS: dict[Risk, frozenset[str]] = {
    Risk.compute: names_in(
        """
    autoawait automagic bookmark colors config dhist dirs doctest_mode gui hist history lsmagic matplotlib pdef
    pdoc pfile pinfo pinfo2 pprint precision psearch psource pwd pylab quickref reset_selective tb who who_ls
    whos xdel xmode autoreload load_ext reload_ext unload_ext page debug pdb reset latex markdown svg SVG lprun
    capture time timeit prun memit mprun autocall pycat logstate logoff logon logstop code_wrap
    """
    ),
    Risk.install: names_in("pip conda mamba micromamba uv"),
    Risk.shell: names_in(
        """
    bash sh script system sx sc ! perl ruby cmd ls ll lf lk lx ldir cat cp mv rm rmdir mkdir less more man
    python python2 python3 pypy powershell alias rehashx zsh pushd popd
    """
    ),
    Risk.write: names_in("writefile file save notebook logstart"),
    Risk.publish: frozenset(["pastebin"]),
    Risk.process: frozenset(["killbgscripts", "tensorboard"]),
    Risk.credentials: frozenset(["env"]),
}
"""Magics by class; what is in none of them is opaque."""

CODE_MAGICS = names_in(
    """
    time timeit prun capture memit mprun lprun debug python python2 python3 pypy
    """
)
"""Magics that run Python that can be read here."""

COMMANDS: tuple[tuple[Risk, str, str], ...] = (
    (Risk.install, "installs software", r"(pip[\d.]*|conda|mamba|micromamba|apt|apt-get|brew|npm|yum|dnf|apk|gem|cargo|"
     r"poetry|pipx|snap|uv( pip| tool)?|easy_install)( -\S+)* (env )?(install|download|add|uninstall|remove|update|"
     r"upgrade|i|sync|create)|easy_install|ensurepip|python[\d.]* setup\.py (install|develop)"),
    (Risk.delete, "deletes files", r"rm|rmdir|unlink|shred|truncate|srm|trash|find .*-delete|git clean|mkfs\S*|dd"),
    (Risk.network, "uses the network", r"curl|wget|ssh|scp|sftp|rsync|nc|ncat|netcat|telnet|ftp|ping|nmap|aria2c|git "
     r"(clone|pull|fetch|submodule)|kaggle|gdown|aws|gsutil|gcloud|az|hf download|huggingface-cli download|dig|socat"),
    (Risk.publish, "publishes or uploads", r"git push|twine|hf (upload\S*|repos?)|huggingface-cli (upload\S*|repo)|"
     r"wandb|kaggle \w+ (submit|create)|npm publish|docker push|gh|(aws s3|gsutil) (cp|sync|mv)|mail|sendmail"),
    (Risk.spend, "can cost money", r"(hf|huggingface-cli) (jobs|endpoints)|aws( -\S+)* \S+ (run|create|start|invoke|"
     r"submit)-\S+|gcloud .*(create|submit|deploy|train)|az .*(create|submit|start)|modal (run|deploy)|"
     r"sky (launch|jobs)|runpodctl|vastai|terraform apply|databricks|kubectl (apply|create|run)|openai|llm"),
    (Risk.credentials, "reads or sets credentials", r"printenv|env|(hf|huggingface-cli) (auth|login|whoami)|"
     r"wandb login|gh auth|aws configure|gcloud auth|docker login|passwd|ssh-keygen|security|pass|secret-tool"),
    (Risk.process, "starts, ends or signals processes", r"kill|pkill|killall|nohup|shutdown|reboot|systemctl|crontab|"
     r"python[\d.]* -m http\.server|streamlit run|uvicorn|gunicorn|flask run|tensorboard|mlflow (ui|server)|"
     r"jupyter[ -](lab|notebook|server)|setsid|tmux|screen|at|daemonize|service"),
)  # fmt: skip
"""Commands of a shell by class; every one of them is `shell` besides."""

TELLING = re.compile(
    r"""
    (?: nvidia-smi (?:\ -L|\ --list-gpus|\ --(?:query-gpu|format)=[\w.,]+)*
    | (?:python[\d.]*\ -m\ )? pip[\d.]* \ (?:list|freeze|check|show(?:\ [\w.\[\]-]+)+) (?:\ --format=\w+)?
    | conda\ (?:list|info)
    | (?:python[\d.]*|pip[\d.]*|conda|uv|nvcc|node|java|gcc|git|jupyter) \ (?:--version|-V)
    | free(?:\ -[bkmgh])? | df(?:\ -[hTi]+)? | nproc | lscpu
    )
    (?: \ ?\|\ ? (?:head|tail|wc\ -l|grep(?:\ -i)?\ ["']?[\w-]+["']?) (?:\ -n?\ ?\d+)? )?
    """,
    re.VERBOSE,
)
"""Commands that tell what the machine has and what is installed, and can do nothing else."""


@cache
def command_matcher(words: str) -> re.Pattern[str]:
    """Finds the command `words` where a shell would run one: at a start, or after an operator or another command."""
    before = (
        r"(?:^|[;&|(`\n{]|(?<!\S)(?:sudo|xargs|env|then|do|exec|time|nice|nohup|-exec|-m|-c)(?!\S))[\s'\"]*(?:\S*/)?"
    )
    return re.compile(rf"{before}(?:{words})(?=[\s;&|)`'\"]|$)")


def only_tells(line: str) -> bool:
    """Whether a line of a cell is a shell command that only tells what the machine has or what is installed."""
    line = line.strip()
    return line.startswith("!") and bool(TELLING.fullmatch(line[1:].strip()))


def commands(text: str) -> tuple[tuple[Risk, str], ...]:
    """What the shell command `text` does: always `shell`, and more where its words tell."""
    found = [(Risk.shell, f"runs the shell command `{shown(text)}`")]
    for risk, words, pattern in COMMANDS:
        if match := command_matcher(pattern).search(text):
            found.append((risk, f"{words} (`{shown(match[0].strip(), 40)}` in a shell command)"))
    if any(SECRET_PATH.search(word) for word in text.split()):
        found.append((Risk.credentials, "touches a file of credentials in a shell command"))
    if any(is_secret_name(name) for name in re.findall(r"\$\{?(\w+)", text)):
        found.append((Risk.credentials, "reads a secret of the environment in a shell command"))
    return tuple(found)
