"""Settings: file, environment and flags in rising force; every slip is named with what is meant."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundglm.errors import SettingsError
from groundglm.settings import (
    TEMPLATE,
    Settings,
    known_names,
    load_settings,
    new_settings,
    write_threshold,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "groundglm.toml").write_text("[grounding]\nk = 3\nmode = 'bm25'\n")
    return tmp_path


def test_a_flag_is_stronger_than_the_environment_and_that_than_the_file(folder: Path) -> None:
    environment = {"GROUNDGLM_GROUNDING_K": "8", "GROUNDGLM_ENGINE_MAX_TOKENS": "99"}
    loaded = load_settings(
        folder, environment=environment, flags={"grounding.k": 9, "engine": None}
    )
    assert loaded.values.grounding.k == 9
    assert loaded.values.grounding.mode == "bm25"
    assert loaded.values.engine.max_tokens == 99
    assert loaded.origins == {
        "grounding.k": "flag",
        "grounding.mode": str(folder / "groundglm.toml"),
        "engine.max_tokens": "environment GROUNDGLM_ENGINE_MAX_TOKENS",
    }


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path, environment={"PATH": "/bin"}).values == Settings()
    assert load_settings(None, environment={"GROUNDGLM_KB": "x"}).values == Settings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[grounding]\nkk = 3", "grounding.k"),
        ("[grouding]\nk = 3", "grounding.k"),
        ("k = 3", "stands outside of a section"),
        ("[grounding]\nk = 0", "grounding.k = 0"),
        ("[grounding]\nk = 'many'", "grounding.k = 'many'"),
        ("[grounding]\nmode = 'fuzzy'", "grounding.mode = 'fuzzy'"),
        ("[engine]\nname = 'gpt'", "engine.name = 'gpt'"),
        ("[thresholds]\nzh = 1.5", "thresholds.zh = 1.5"),
        ("[grounding\nk = 3", "no valid TOML"),
    ],
)
def test_a_slip_in_the_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "groundglm.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, environment={})
    assert says in str(caught.value)
    assert "groundglm.toml" in str(caught.value)


def test_a_file_of_another_encoding_is_an_error_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "groundglm.toml").write_bytes("[engine]\nmodel = '模型'\n".encode("gbk"))
    with pytest.raises(SettingsError, match="no valid TOML"):
        load_settings(tmp_path, environment={})


def test_a_slip_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="GROUNDGLM_GROUNDING_K"):
        load_settings(tmp_path, environment={"GROUNDGLM_GROUNDING_KK": "3"})
    with pytest.raises(SettingsError, match="environment GROUNDGLM_GROUNDING_K"):
        load_settings(tmp_path, environment={"GROUNDGLM_GROUNDING_K": "three"})


def test_every_setting_has_one_name_and_one_variable_and_stands_in_the_template() -> None:
    names = known_names()
    assert len(set(names.values())) == len(names)
    for name in names:
        section, _, key = name.partition(".")
        assert f"[{section}]" in TEMPLATE
        assert f"{key} = " in TEMPLATE.split(f"[{section}]")[1], name


@given(model=st.text(min_size=1, max_size=40))
def test_any_model_makes_a_file_that_gives_it_back(tmp_path_factory, model: str) -> None:
    folder = tmp_path_factory.mktemp("settings")
    try:
        model.encode()
    except UnicodeEncodeError:
        return
    (folder / "groundglm.toml").write_text(new_settings(model), encoding="utf-8", newline="")
    assert load_settings(folder, environment={}).values.embeddings.model == model


def test_a_threshold_is_written_where_it_belongs_and_the_rest_stays(tmp_path: Path) -> None:
    path = tmp_path / "groundglm.toml"
    path.write_text("# mine\n[thresholds]\nzh = 0.1  # by hand\n\n[grounding]\nk = 7\n")
    write_threshold(tmp_path, "zh", 0.25, origin="calibrated\ntoday")
    write_threshold(tmp_path, "en", 0.5, origin="so")
    text = path.read_text()
    assert text.startswith("# mine\n[thresholds]\n") and text.endswith("[grounding]\nk = 7\n")
    assert "zh = 0.2500  # calibrated today\n" in text and "by hand" not in text
    values = load_settings(tmp_path, environment={}).values
    assert (values.thresholds.zh, values.thresholds.en, values.grounding.k) == (0.25, 0.5, 7)
    assert [one.name for one in tmp_path.iterdir()] == ["groundglm.toml"]


def test_a_threshold_makes_the_file_where_there_is_none(tmp_path: Path) -> None:
    write_threshold(tmp_path, "en", 0.3, origin="so", model="hash")
    values = load_settings(tmp_path, environment={}).values
    assert (values.thresholds.en, values.embeddings.model) == (0.3, "hash")
