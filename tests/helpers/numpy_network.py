"""The network's equations as plain NumPy loops in float64: the oracle of the model's tests."""

import itertools

import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def peep(weights, gate, c):
    w = weights.get(f"peephole_{gate}")
    if w is None:
        return 0.0
    return w.T @ c if w.ndim == 2 else w * c


def run_cell(x, weights):
    """Section 2.1 of the paper, one sequence ``[time, d]``, token by token."""
    n = len(weights["initial_h"])
    w_xi, w_xc, w_xo = (weights["input"][:, k * n : (k + 1) * n].T for k in range(3))
    w_hi, w_hc, w_ho = (weights["recurrent"][:, k * n : (k + 1) * n].T for k in range(3))
    b_i, b_c, b_o = (weights["bias"][k * n : (k + 1) * n] for k in range(3))
    h, c = weights["initial_h"], weights["initial_c"]
    states = []
    for x_t in x:
        i = sigmoid(w_xi @ x_t + w_hi @ h + peep(weights, "i", c) + b_i)
        c_new = (1 - i) * c + i * np.tanh(w_xc @ x_t + w_hc @ h + b_c)
        o = sigmoid(w_xo @ x_t + w_ho @ h + peep(weights, "o", c_new) + b_o)
        h, c = o * np.tanh(c_new), c_new
        states.append(h)
    return np.array(states)


def direction(weights, name):
    prefix = name + "_"
    return {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}


def run_both(x, weights):
    """Both directions of one sequence, each in the order of the text."""
    forward = run_cell(x, direction(weights, "forward"))
    backward = run_cell(x[::-1], direction(weights, "backward"))[::-1]
    return forward, backward


def encode_word(characters, weights):
    """Layer 3: the last state of each direction."""
    forward, backward = run_both(characters, weights)
    return np.concatenate([forward[-1], backward[0]])


def read_sentence(x, weights):
    """Layer 4: both directions and the projection."""
    states = np.concatenate(run_both(x, weights), axis=1)
    return np.tanh(states @ weights["projection"] + weights["projection_bias"])


def all_paths(scores, transitions, start, end):
    """Every sequence of labels of one sentence with its score."""
    length, labels = scores.shape
    for path in itertools.product(range(labels), repeat=length):
        score = start[path[0]] + end[path[-1]]
        score += sum(scores[t, label] for t, label in enumerate(path))
        score += sum(transitions[a, b] for a, b in zip(path[:-1], path[1:]))
        yield path, score


def sentence_scores(weights, token_ids, words):
    """Layers 1 to 5 of one sentence; ``words`` are the character ids of its tokens, or None."""
    x = weights["token_embeddings"]["embedding"][token_ids]
    if words is not None:
        table = weights["character_embeddings"]["embedding"]
        encoded = [encode_word(table[word], weights["character_lstm"]) for word in words]
        x = np.concatenate([np.array(encoded), x], axis=1)
    projected = read_sentence(x, weights["token_lstm"])
    return projected @ weights["feedforward"]["kernel"] + weights["feedforward"]["bias"]
