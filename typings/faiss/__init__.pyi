"""What we use of FAISS; its own stubs miss what its Python wrappers add."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

METRIC_INNER_PRODUCT: int

class IDSelector: ...

class IDSelectorBitmap(IDSelector):
    def __init__(self, bitmap: NDArray[np.uint8]) -> None: ...

class SearchParameters:
    def __init__(self, *, sel: IDSelector | None = None) -> None: ...

class Index:
    d: int
    ntotal: int
    def add_sa_codes(self, codes: NDArray[np.uint8]) -> None: ...
    def reconstruct_batch(self, key: NDArray[np.int64]) -> NDArray[np.float32]: ...
    def search(
        self, x: NDArray[np.float32], k: int, *, params: SearchParameters | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]: ...

class ScalarQuantizer:
    QT_fp16: Any

class IndexScalarQuantizer(Index):
    def __init__(self, d: int, qtype: Any, metric: int) -> None: ...

def omp_set_num_threads(num_threads: int) -> None: ...
