"""FAISS, where there is one of it."""

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

__all__ = ["faiss"]
