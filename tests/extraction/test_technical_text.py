"""What pages of software and news say, and what they only seem to say."""

import pytest

from groundglm.extraction import extract_facts


def facts(text, title="sheaf"):
    found = extract_facts(text, document_id="d", title=title)
    return [(fact.subject, fact.predicate, fact.object) for fact in found]


@pytest.mark.parametrize(
    ("text", "object_"),
    [
        ("Sheaf is a fast, correct JSON library.", "fast, correct JSON library"),
        ("Sheaf is a powerful, *friendly* HTTP client.", "powerful, friendly HTTP client"),
        ("Sheaf is a library for creating static, animated, and interactive plots.", "library"),
        ("Sheaf is a Python package for the creation, manipulation, and study of nets.",
         "Python package"),
        ("Sheaf is a low-level framework for building, managing and running agents.",
         "low-level framework"),
        ("Sheaf is a fast [MessagePack](https://a.org) library.", "fast MessagePack library"),
        ("This is a little archive library.", "little archive library"),
        ("Sheaf is a singer, songwriter and actor.", "songwriter"),
        ("Sheaf is the fourth album by Linda Chung, and was released in 2012.",
         "fourth album by Linda Chung"),
        ("Sheaf is a professional footballer playing for Oslo.", "professional footballer"),
    ],
)  # fmt: skip
def test_a_definition_is_whole(text, object_):
    assert object_ in [found for _, predicate, found in facts(text) if predicate[:2] == "is"]


@pytest.mark.parametrize(
    "text",
    [
        "# sheaf\n\nSheaf packs files.\n\n## Donations\n\nGive to Open Trees. "
        "It is the platform of choice for companies.",
        "# sheaf\n\nSheaf packs files.\n\n## v2.1\n\nThis is the final release of 2.1.",
        "Sheaf packs files. Pass a path to it. This is a good setting for threads.",
        "Sheaf is the easiest way to pack files.",
        "Sheaf is a work in progress.",
        "Sheaf is the name of the fourth single.",
        "Using Intel OpenMP (ICC) in the same program is known to cause problems.",
        "- **Modularity**: We have designed it around parts that are independent of each other.\n"
        "- **Stability**: We are committed to a scheme of versions and to early notice.\n"
        "- **Tested**: It is used in production by a great many companies and people.\n",
        "'name': 'alg',\n'pid': None,\n'status': 'stopped',\n",
        "* position : int, optional\n* unit : str, optional\n* delay : float\n",
        "| Error | Kind |\n|---|---|\n| N/A | ConnectionError |\n",
        "It was the last film Faye made as a star.",
        "The series was produced by R.B.",
    ],
)
def test_what_is_not_said_of_the_topic_is_no_fact(text):
    assert facts(text) == []


def test_a_pronoun_speaks_of_what_the_sentence_before_spoke_of():
    text = "Sheaf packs files. It is a library for archives."
    assert facts(text) == [("sheaf", "is a", "library for archives")]


def test_a_table_of_features_is_read_by_its_columns():
    table = (
        "| Feature | Chardet | Sheaf |\n|---|:---:|:---:|\n| `Fast` | no | yes |\n"
        "| Licence | MPL<br>_restrictive_ | MIT[^2] |\n"
    )
    assert facts(table) == [
        ("Chardet", "Fast", "no"),
        ("Sheaf", "Fast", "yes"),
        ("Chardet", "Licence", "MPL restrictive"),
        ("Sheaf", "Licence", "MIT"),
    ]
    options = "| Parameter | Description | Default |\n|---|---|---|\n| depth | How deep | 3 |\n"
    assert ("depth", "Default", "3") in facts(options)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("威尔特郡", "威尔特郡（，英文简称：），英国西南区域的名誉郡。"),
        ("额亦都", "额亦都世居长白山，父都陵阿，隶属于满洲镶黄旗。"),
        ("没问题先生", "卡尔艾伦（Carl Allen）是个凡事找借口，事来总拒绝的银行放款员。"),
        ("", "高普兰出生于印度南部城市钦奈（Chennai），是四兄弟姐妹中的大姐姐。"),
        ("", "土耳其位于这条地震带的中西部地区。"),
        ("胜利广场", "胜利广场是一个广场，位于皇家宫殿东北方，第一区和第二区交界处。"),
    ],
)
def test_no_false_facts_of_chinese_sentences(title, text):
    wrong = {"简称", "父都陵阿", "凡事找借口", "Chennai", "四兄弟姐妹中的大姐姐", "这条地震带",
             "第一区和第二区交界处"}  # fmt: skip
    assert not wrong & {object_ for _, _, object_ in facts(text, title)}


def test_a_measure_word_is_no_part_of_a_chinese_definition():
    text = "《没问题先生》是部2008年美国喜剧片，由派顿·瑞德执导，金·凯瑞领衔主演。"
    assert facts(text, "没问题先生") == [
        ("没问题先生", "是", "2008年美国喜剧片"),
        ("没问题先生", "执导", "派顿·瑞德"),
    ]
