"""FAISS, where there is one of it."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from ..errors import GroundGLMError, MissingExtraError

_CPU_PACKAGE = "faiss-cpu"
_GPU_PACKAGES = ("faiss-gpu-cu12", "faiss-gpu", "faiss-gpu-cu11", "faiss-gpu-cu13")


def check_one_faiss() -> None:
    """Raise GroundGLMError if a CPU and a GPU build of FAISS overwrite each other's files."""
    if not _is_installed(_CPU_PACKAGE):
        return
    for package in _GPU_PACKAGES:
        if _is_installed(package):
            raise GroundGLMError(
                f"{_CPU_PACKAGE} and {package} are both installed, and overwrite each other's "
                f"files. Run: pip uninstall -y {_CPU_PACKAGE} {package} && "
                "pip install 'groundglm[cpu]' (with a GPU: 'groundglm[gpu]')"
            )


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


check_one_faiss()
try:
    import faiss
except ImportError as error:
    raise MissingExtraError("Vector search (FAISS)", extra="cpu") from error

__all__ = ["faiss", "one_thread"]


@contextmanager
def one_thread() -> Generator[None]:
    """Search for one vector with one thread: FAISS then gives the others nothing to do.

    It waits for them all the same, and where the processor is busy, as under a server, that takes
    ten milliseconds where the search takes a hundredth of one. The number holds for the calling
    thread alone (OpenMP's nthreads-var).
    """
    usual = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(usual)
