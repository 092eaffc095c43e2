"""The SQLite file of a base: schema, transactions, rows in and out."""

from .database import Database
from .records import DocumentInfo, DocumentKind, DocumentRecord, FoundPassage, PassageRecord

__all__ = [
    "Database",
    "DocumentInfo",
    "DocumentKind",
    "DocumentRecord",
    "FoundPassage",
    "PassageRecord",
]
