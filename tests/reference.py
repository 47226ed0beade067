"""The paper's equations as obvious loops over Python floats, read as `design.md` reads them.

Slow twins for the tests: nothing here is vectorized, and nothing is shared with `models`. A
vector is a list of floats, a sequence a list of vectors, a mask a list of booleans.
"""

import math

Vector = list[float]
Matrix = list[list[float]]
Mask = list[bool]

FLAT = 1e-6  # a row that spreads no more than this is flat


def dot(a: Vector, b: Vector) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def unit(a: Vector) -> Vector:
    length = math.sqrt(dot(a, a))
    return [x / length for x in a] if length > 0 else list(a)


def cosine(a: Vector, b: Vector) -> float:
    """phi of Eq. 8; a zero vector is at right angles to everything."""
    return dot(unit(a), unit(b))


def transpose(matrix: Matrix) -> Matrix:
    return [list(column) for column in zip(*matrix, strict=True)]


def similarity(words: Matrix, patches: Matrix) -> Matrix:
    """s of section 3.2, one row per word."""
    return [[cosine(word, patch) for patch in patches] for word in words]


def min_max(scores: Matrix, rows: Mask, columns: Mask) -> Matrix:
    """Eq. 1, per row over the columns that are real; a flat or padded row is zero."""
    scaled = [[0.0] * len(row) for row in scores]
    for j, row in enumerate(scores):
        real = [score for score, is_real in zip(row, columns, strict=True) if is_real]
        if not rows[j] or not real or max(real) - min(real) <= FLAT:
            continue
        for k, score in enumerate(row):
            if columns[k]:
                scaled[j][k] = (score - min(real)) / (max(real) - min(real))
    return scaled


def sparsify(scaled: Matrix, sigma: float) -> Matrix:
    """Eqs. 2 and 6."""
    return [[score if score >= sigma else 0.0 for score in row] for row in scaled]


def weights(sparse: Matrix) -> Matrix:
    """Eq. 3; a row that keeps nothing has no members."""
    alphas = []
    for row in sparse:
        total = math.fsum(row)
        alphas.append([score / total if total > 0 else 0.0 for score in row])
    return alphas


def embeddings(alphas: Matrix, members: Matrix) -> Matrix:
    """Eq. 4."""
    groups = []
    for row in alphas:
        group = [0.0] * len(members[0])
        for alpha, member in zip(row, members, strict=True):
            group = [sum_ + alpha * x for sum_, x in zip(group, member, strict=True)]
        groups.append(group)
    return groups


def group(
    scores: Matrix, members: Matrix, sigma: float, rows: Mask, columns: Mask
) -> tuple[Matrix, Matrix, Matrix]:
    """Eqs. 1-4 in one direction: scaled similarity, weights, group embeddings."""
    scaled = min_max(scores, rows, columns)
    alphas = weights(sparsify(scaled, sigma))
    return scaled, alphas, embeddings(alphas, members)


def tgv(
    words: Matrix, patches: Matrix, sigma: float, word_mask: Mask, patch_mask: Mask
) -> tuple[Matrix, Matrix, Matrix]:
    """Patches gathered by each word."""
    return group(similarity(words, patches), patches, sigma, word_mask, patch_mask)


def pgl(
    words: Matrix, patches: Matrix, sigma: float, word_mask: Mask, patch_mask: Mask
) -> tuple[Matrix, Matrix, Matrix]:
    """Words gathered by each patch, "in the same manner" on the transpose."""
    scores = transpose(similarity(words, patches))
    return group(scores, words, sigma, patch_mask, word_mask)


def mean_scaled(scaled: list[Matrix], rows: list[Mask], columns: list[Mask]) -> float:
    """S-bar of Eqs. 5 and 7 over a batch: real entries of the rows that are not flat."""
    entries = []
    for matrix, row_mask, column_mask in zip(scaled, rows, columns, strict=True):
        for row, row_is_real in zip(matrix, row_mask, strict=True):
            if row_is_real and any(score > 0 for score in row):
                entries += [s for s, is_real in zip(row, column_mask, strict=True) if is_real]
    return math.fsum(entries) / len(entries) if entries else 0.0


def gate(sigma: float, means: list[float], momentum: float) -> float:
    """Eqs. 5 and 7, step after step."""
    for mean in means:
        sigma = momentum * sigma + (1 - momentum) * mean
    return sigma


def log_share(own: float, all_of_them: list[float]) -> float:
    """The log of exp(own) over the sum of exp: one term of every loss."""
    high = max(all_of_them)
    return own - high - math.log(math.fsum(math.exp(logit - high) for logit in all_of_them))


def global_info_nce(
    images: Matrix, reports: Matrix, tau: float, excluded: list[Mask] | None = None
) -> float:
    """Eq. 8; pairs that are excluded are no negatives of each other."""
    return across_info_nce([[cosine(i, r) for r in reports] for i in images], tau, excluded)


def across_info_nce(scores: Matrix, tau: float, excluded: list[Mask] | None = None) -> float:
    """Ask each row for the column of its number, and each column for its row."""
    b = len(scores)
    total = 0.0
    for i in range(b):
        rivals = [j for j in range(b) if j == i or excluded is None or not excluded[i][j]]
        own = scores[i][i] / tau
        total += log_share(own, [scores[i][j] / tau for j in rivals])
        total += log_share(own, [scores[j][i] / tau for j in rivals])
    return -total / (2 * b)


def sequence_info_nce(
    left: list[Matrix], right: list[Matrix], valid: list[Mask], tau: float
) -> float:
    """Eqs. 9, 10, 12 and 13, over valid rows; a pair without one adds 0 to the batch's sum."""
    total = 0.0
    for p, t, mask in zip(left, right, valid, strict=True):
        rows = [j for j, is_valid in enumerate(mask) if is_valid]
        for j in rows:
            own = cosine(p[j], t[j]) / tau
            there = log_share(own, [cosine(p[j], t[k]) / tau for k in rows])
            back = log_share(own, [cosine(t[j], p[k]) / tau for k in rows])
            total += (there + back) / len(rows)
    return -total / (2 * len(left))


def word_patch_score(
    words: Matrix, patches: Matrix, asking: Mask, holding: Mask, tau: float
) -> float:
    """Score one report with one image (decision 0023): no equation of the paper."""
    scores = []
    for word in [word for word, real in zip(words, asking, strict=True) if real]:
        seen = [cosine(word, patch) for patch, real in zip(patches, holding, strict=True) if real]
        shares = [math.exp(value / tau) for value in seen]
        scores.append(sum(v * s for v, s in zip(seen, shares, strict=True)) / sum(shares))
    return sum(scores) / len(scores)


def apply(matrix: Matrix, vector: Vector) -> Vector:
    return [dot(row, vector) for row in matrix]


def cross_attention(
    groups: Matrix,
    others: Matrix,
    valid: Mask,
    query: Matrix,
    key: Matrix,
    value: Matrix,
    output: Matrix,
) -> Matrix:
    """Eq. 11 as printed: o() of each weighted value, then the sum; over nothing, zero."""
    p, q = [unit(row) for row in groups], [unit(row) for row in others]
    places = [k for k, is_valid in enumerate(valid) if is_valid]
    attended = []
    for row in p:
        logits = {k: dot(apply(query, row), apply(key, q[k])) / math.sqrt(len(key)) for k in places}
        u = [0.0] * len(output)
        for k in places:
            beta = math.exp(log_share(logits[k], list(logits.values())))
            part = apply(output, [beta * x for x in apply(value, q[k])])
            u = [sum_ + x for sum_, x in zip(u, part, strict=True)]
        attended.append(u)
    return attended


def total(
    global_loss: float,
    iga: tuple[float, float],
    bcga: tuple[float, float],
    lambdas: tuple[float, float, float],
) -> float:
    """Eq. 14."""
    one, two, three = lambdas
    return one * global_loss + two / 2 * (iga[0] + iga[1]) + three / 2 * (bcga[0] + bcga[1])
