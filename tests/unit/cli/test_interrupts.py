"""A signal at any moment ends the command, and its clean-up runs whole."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from blo_cli import main
from blo_cli.interrupts import STOPPING, Interrupted, Interrupts


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    one = Interrupts()
    with one.installed():
        yield one


def interrupt(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_of_the_signals_raises_and_says_which(interrupts: Interrupts, number: int) -> None:
    with pytest.raises(Interrupted) as caught:
        interrupt(number)
    assert caught.value.exit_code == 128 + number


def test_only_the_first_signal_raises(interrupts: Interrupts) -> None:
    with pytest.raises(Interrupted):
        interrupt()
    interrupt()
    interrupt(signal.SIGTERM)


def shielded(interrupts: Interrupts, *then: Callable[[], object]) -> None:
    """A signal inside a shielded block, and what the block does after it."""
    with interrupts.shielded():
        interrupt()
        for act in then:
            act()


def test_a_shielded_block_is_finished_first(interrupts: Interrupts) -> None:
    done: list[str] = []
    with pytest.raises(Interrupted):
        shielded(interrupts, lambda: done.append("whole"))
    assert done == ["whole"]


def test_shields_within_shields_hold_until_the_outermost_ends(interrupts: Interrupts) -> None:
    done: list[str] = []
    with pytest.raises(Interrupted):
        shielded(interrupts, lambda: shielded(interrupts), lambda: done.append("whole"))
    assert done == ["whole"]


def test_an_error_in_a_shielded_block_is_not_replaced_by_the_signal(
    interrupts: Interrupts,
) -> None:
    def fail() -> None:
        raise ValueError("the error")

    with pytest.raises(ValueError, match="the error"):
        shielded(interrupts, fail)


def test_after_the_block_signals_mean_what_they_meant_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interrupts().installed():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("at", ["body", "clean-up", "nowhere"])
def test_the_clean_up_runs_whole_wherever_the_signal_comes(at: str) -> None:
    interrupts = Interrupts()
    runs: list[str] = []

    def clean_up() -> None:
        runs.append("begun")
        if at == "clean-up" and len(runs) == 1:
            interrupt()
        runs.append("ended")

    def work() -> None:
        with interrupts.installed(), interrupts.cleaning_up(clean_up):
            if at == "body":
                interrupt()

    if at == "nowhere":
        work()
    else:
        with pytest.raises(Interrupted):
            work()
    assert runs[-2:] == ["begun", "ended"]


def test_a_signal_before_the_clean_up_s_first_step_does_not_skip_it() -> None:
    """As if the signal came between the block's end and the shield around the clean-up."""

    class Cut(Interrupts):
        cut = False

        def shielded(self):  # type: ignore[no-untyped-def]
            if not self.cut:
                self.cut = True
                interrupt()
            return super().shielded()

    interrupts = Cut()
    runs: list[str] = []
    with (
        pytest.raises(Interrupted),
        interrupts.installed(),
        interrupts.cleaning_up(lambda: runs.append("cleaned")),
    ):
        pass
    assert runs == ["cleaned"]


def test_a_signal_is_answered_in_words_at_once_even_within_a_shield(
    capfd: pytest.CaptureFixture[str],
) -> None:
    one = Interrupts(STOPPING)
    heard: list[str] = []
    with one.installed(), pytest.raises(Interrupted):
        shielded(one, lambda: heard.append(capfd.readouterr().err))
    assert heard == [f"\n{STOPPING}\n"]
    assert capfd.readouterr().err == ""


def test_an_error_that_an_interrupt_has_caused_is_the_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when a signal comes while a thread is being started: its lock's end raises."""

    def interrupted(*_: object) -> int:
        try:
            raise Interrupted(signal.SIGTERM)
        finally:
            raise RuntimeError("release unlocked lock")

    monkeypatch.setattr(main, "_invoke", interrupted)
    assert main.run(["demo"]) == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "blo: interrupted\n"
