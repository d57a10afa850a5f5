"""A stored secret opens in its own row and column, with its own key, unchanged, or not at all."""

import uuid

import pytest
from django.db import models

from backend.config.environment import WrongSetting, load
from backend.config.keys import encryption_keys
from backend.core.encryption import DecryptionError, EncryptedTextField, Sealed, decrypt, encrypt, needs_rotation

OLD, NEW = {"old": b"o" * 32}, {"new": b"n" * 32}


class Vault(models.Model):
    """A row with a secret."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    secret = EncryptedTextField(blank=True)

    class Meta:
        app_label = "core"
        managed = False


def stored(row) -> Sealed:
    return Vault._meta.get_field("secret").pre_save(row, add=True)


def test_what_is_sealed_opens_again():
    assert decrypt(encrypt("sk-ключ", context="a"), context="a") == "sk-ключ"


def test_the_same_text_never_looks_the_same():
    assert encrypt("x", context="a") != encrypt("x", context="a")


def test_a_value_moved_to_another_row_is_refused():
    with pytest.raises(DecryptionError):
        decrypt(encrypt("x", context="a"), context="b")


def test_a_changed_value_is_refused():
    sealed = encrypt("x" * 30, context="a")
    middle = len(sealed) - 12
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    for wrong in (changed, sealed[:-8], "v1.", "", "v2" + sealed[2:], "plain"):
        with pytest.raises(DecryptionError):
            decrypt(wrong, context="a")


def test_keys_rotate(settings):
    settings.ENCRYPTION_KEYS = OLD
    sealed = encrypt("x", context="a")
    settings.ENCRYPTION_KEYS = {**NEW, **OLD}
    assert decrypt(sealed, context="a") == "x"
    assert needs_rotation(sealed)
    assert not needs_rotation(encrypt("x", context="a"))
    settings.ENCRYPTION_KEYS = NEW
    with pytest.raises(DecryptionError, match="old"):
        decrypt(sealed, context="a")


def test_the_field_seals_on_its_way_in_and_opens_on_the_instance():
    row = Vault(secret="sk-1")
    sealed = stored(row)
    assert "sk-1" not in sealed
    assert Vault.from_db("default", ["id", "secret"], [row.id, sealed]).secret == "sk-1"
    with pytest.raises(DecryptionError):
        _ = Vault.from_db("default", ["id", "secret"], [uuid.uuid4(), sealed]).secret


def test_a_loaded_value_is_stored_as_it_was_and_empty_stays_empty():
    sealed = stored(row := Vault(secret="sk-1"))
    assert stored(Vault.from_db("default", ["id", "secret"], [row.id, sealed])) == sealed
    assert stored(Vault()) == ""


def test_an_update_that_knows_no_row_can_not_store_a_plain_text():
    with pytest.raises(TypeError, match="encrypted"):
        Vault._meta.get_field("secret").get_prep_value("sk-1")


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path):
    first = encryption_keys("", home=tmp_path)
    assert encryption_keys("", home=tmp_path) == first
    assert (tmp_path / "encryption_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("given", ["nonsense", "a:c2VjcmV0", "a b:" + "A" * 44, ":" + "A" * 44])
def test_a_wrong_key_setting_is_named_and_not_shown(given, monkeypatch):
    monkeypatch.setenv("ENCRYPTION_KEYS", given)
    with pytest.raises(WrongSetting, match="ENCRYPTION_KEYS") as refused:
        load()
    assert given not in str(refused.value)
