from __future__ import annotations

import random
import string
import time

import pytest

from ml_intern_jlab.redaction import MARK, environment_secrets, redact, redacted, secrets_in

BODY = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z"
SECRET = [
    f"hf_{BODY}",
    f"I use sk-proj-{BODY} here",
    f"sk-ant-api03-{BODY}",
    f"ghp_{BODY}",
    f"github_pat_{BODY}",
    f"glpat-{BODY[:20]}",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abcdefghijkl",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA and so on, cut off",
    "HF_TOKEN=abc123secret",
    "export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "DB_PASSWORD=hunter22",
    "password: hunter2",
    "{'api_key': 'abcd-efgh'}",
    'os.environ["WANDB_API_KEY"] = "0123456789abcdef0123456789abcdef01234567"',
    "client_secret='kQ0pLf9Jk2'",
    "postgres://me:pa55word@db/x",
    "Authorization: Bearer abcdef123456789",
    "token = 'f9Jk2mQ0pLx81Zt7'",
    "https://example.org/?access_token=abc123def&page=1",
]
PLAIN = [
    "max_tokens=256, pad_token='[PAD]', eos_token: </s>",
    "sort key: name",
    "key: d41d8cd98f00b204e9800998ecf8427e",
    "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "session 123e4567-e89b-12d3-a456-426614174000",
    "api_key=os.environ['X_KEY']",
    "api_key = getpass.getpass('key')",
    "password=password",
    "def f(token: str, key: int = 3) -> None:",
    "tokens: 12345678",
    "df['token_count'] = df['text'].str.len()",
    "key='customer_id', keys = ['a', 'b'], auth=None",
    "token='hello world'",
    "api_key='YOUR_API_KEY'",
    "accuracy_key=0.93",
    "tokenizer_name='bert-base-uncased-2023-finetuned'",
    "api_key=settings.api_key",
    "secret = load_secret()",
    "the sk-learn-contrib-imbalanced-learn package, task-1234567890123456789012",
    "foreign_key = 'a1b2c3d4e5f6a7b8c9d0'",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "https://example.org:8080/a@b?x=1",
]


@pytest.mark.parametrize("text", SECRET)
def test_a_secret_is_taken_out(text: str) -> None:
    clean = redact(text, ())
    assert MARK in clean
    assert redact(clean, ()) == clean
    assert secrets_in(f"x = 1\n{text}", ()) == [2]


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text, ()) == text


def test_names_stay_beside_the_mark() -> None:
    assert redact("HF_TOKEN=abc123secret\nx", ()) == f"HF_TOKEN={MARK}\nx"
    assert redact("postgres://me:pa55word@db/x", ()) == f"postgres://me:{MARK}@db/x"


def test_secret_values_of_the_environment_are_known() -> None:
    environment = {
        "HF_TOKEN": "correct-horse",
        "SHORT_TOKEN": "short",
        "HOME": "/home/ann/project",
        "SSH_AUTH_SOCK": "/tmp/agent.sock",
        "PAD_TOKEN": "padpadpad",
        "JUPYTER_TOKEN": "f00dbabe",
    }
    assert environment_secrets(environment) == {"correct-horse", "f00dbabe"}
    assert redact("a correct-horse, correct-horse", environment_secrets(environment)) == f"a {MARK}, {MARK}"


def test_this_process_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "battery-staple")
    assert redact("It said battery-staple.") == f"It said {MARK}."


def test_structures_keep_their_keys_and_their_images() -> None:
    value = {
        "data": {"image/png": f"hf_{BODY}", "text/plain": [f"hf_{BODY}", "x"], "text/html": f"<b>hf_{BODY}</b>"},
        "password": "hunter22",
        "count": 3,
        "name": None,
    }
    assert redacted(value) == {
        "data": {"image/png": f"hf_{BODY}", "text/plain": [MARK, "x"], "text/html": f"<b>{MARK}</b>"},
        "password": MARK,
        "count": 3,
        "name": None,
    }


def test_any_text_is_redacted_once_and_for_all() -> None:
    chance = random.Random(0)
    pieces = [*SECRET, *PLAIN, MARK, "'", '"', "=", ": ", "\n", " ", "TOKEN", "password", "@", "://", "\udc80", "é"]
    for _ in range(2_000):
        text = "".join(chance.choices(pieces, k=chance.randint(1, 8)))
        clean = redact(text, ["correct-horse"])
        assert redact(clean, ["correct-horse"]) == clean
        assert "correct-horse" not in redact(f"{text}correct-horse{text}", ["correct-horse"])


@pytest.mark.parametrize(
    "piece", ["a=", "k:", 'a="', "eyJ", "://", "sk-", "xoxb-", " ", "bearer ", "-----BEGIN PRIVATE KEY-----"]
)
def test_long_texts_take_no_time_that_grows_faster_than_they_do(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    started = time.process_time()
    redact(text, ())
    assert time.process_time() - started < 15  # a pattern that starts anew at every place takes minutes


def test_long_words_are_read_soon() -> None:
    text = "".join(random.Random(0).choices(string.ascii_letters + string.digits + "+/", k=1_000_000))
    started = time.process_time()
    redact(text, ())
    assert time.process_time() - started < 15
