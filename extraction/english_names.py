"""How dates and names look in English sentences, as parts of patterns."""

MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
DATE = rf"(?:(?:{MONTH} \d{{1,2}}, |\d{{1,2}} {MONTH} |{MONTH},? )?\d{{3,4}}(?: (?:BC|AD))?)"
NAME = r"[A-ZÀ-Þ][\w'’.&-]*"
LINK = r"(?:of|the|de|la|le|van|von|der|den|del|di|da|and|for|in|du|al|y|e|&|'s)"
NAMES = rf"{NAME}(?: (?:{LINK} )?(?:{NAME}|\d+))*"
# Names without "and" in them: who does things.
WHO = rf"{NAME}(?: (?:(?:of|the|de|la|le|van|von|der|den|del|di|da|du|al) )*{NAME})*"
LIST = rf"{WHO}(?:, {WHO})*(?:,? (?:and|&) {WHO})?"
