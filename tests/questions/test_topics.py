"""An answer speaks of what the question is about."""

from groundglm.notation import NumberedEvidence
from groundglm.questions import Question, select_sentences
from groundglm.questions.topics import named_titles, on_topic


def piece(number, title, text):
    return NumberedEvidence(number, "passage", title, text)


LEE = piece(1, "Ann Lee (painter)", "Ann Lee is a painter. She studied under Bo Carr in Norholm.")
CARR = piece(2, "Bo Carr", "Bo Carr was a sculptor. His wife was Tess Hall.")
FILM = piece(3, "The Elephant", "The elephant must choose between his wife and the war.")


def test_a_title_is_named_by_itself_and_in_the_plural() -> None:
    bears = piece(1, "Spirit bear", "It is white.")
    assert named_titles("how many spirit bears are there?", [bears]) == {"spirit bear"}
    assert named_titles("the spirit bearer", [bears]) == frozenset()
    assert named_titles("an art", [piece(1, "Art", "x")]) == frozenset()  # too short to tell


def test_a_passage_is_reached_by_links_that_are_shown() -> None:
    pieces = [LEE, CARR, FILM]
    assert on_topic("who is ann lee's wife?", pieces) == [True, True, False]
    assert on_topic("whose wife is it?", pieces) == [True, True, True]


def test_a_sentence_of_another_document_is_no_answer() -> None:
    chosen = select_sentences(Question("Who is Ann Lee's wife?"), [LEE, FILM])
    assert 3 not in {one.number for one in chosen}
    chosen = select_sentences(
        Question("安莉的妻子是谁？"),
        [piece(1, "安莉", "安莉是画家。"), piece(2, "大象", "大象的妻子很老。")],
    )
    assert 2 not in {one.number for one in chosen}
