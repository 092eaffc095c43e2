"""How names look in English sentences, as parts of patterns."""

NAME = r"[A-ZÀ-Þ][\w'’.&-]*"
LINK = r"(?:of|the|de|la|le|van|von|der|den|del|di|da|and|for|in|du|al|y|e|&|'s)"
NAMES = rf"{NAME}(?: (?:{LINK} )?(?:{NAME}|\d+))*"
# Names without "and" in them: who does things.
WHO = (
    rf"{NAME}(?: (?:(?:of|the|de|la|le|van|von|der|den|del|di|da|du|al) )*{NAME})*"
    r"(?: \d{1,3}(?=[,.;]|$| and ))?"
)
LIST = rf"{WHO}(?:, {WHO})*(?:,? (?:and|&) {WHO})?"
