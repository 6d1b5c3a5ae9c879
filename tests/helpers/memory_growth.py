"""How much more memory a function takes, in a process of its own that no other test has grown."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from neuroner_tl.system.memory import peak_memory


def memory_growth(function, *arguments):
    """Call a function of a test module in a new process; return its result and MB of growth."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(_measure, function, *arguments).result()


def _measure(function, *arguments):
    before = peak_memory()
    result = function(*arguments)
    return result, peak_memory() - before
