"""I3: packages are pinned, listed and audited, and an audit that did not happen is said."""

import json

import pytest

CLEAN = {"dependencies": [{"name": "django", "version": "5.2.1", "vulns": []}], "fixes": []}
LEFT_OUT = {"name": "ours", "skip_reason": "Dependency not found"}
ADVISORY = {"name": "django", "version": "5.2.1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["5.2.2"]}]}
NPM = {"metadata": {"dependencies": {"total": 3}}, "vulnerabilities": {}}


def told(*entries):
    return json.dumps({"dependencies": list(entries)}).encode()


@pytest.fixture
def audit(script, monkeypatch, tmp_path):
    """The audit over a repository of its own, with one lock of each kind and no commands."""
    module = script("audit")
    for lock in (*module.PYTHON_LOCKS, module.PAGE_LOCK):
        (tmp_path / lock).parent.mkdir(exist_ok=True)
        (tmp_path / lock).write_text(lock)
    (tmp_path / "docs").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1"\n')
    monkeypatch.setattr(module, "ROOT", tmp_path)
    answers = {"pip-audit": told(LEFT_OUT), "npm": b'{"message": "405 Method Not Allowed"}'}

    def run(command, *, folder="."):
        assert folder in (".", "frontend")
        answer = answers[command[0].rpartition("/")[2]]
        return type("Ran", (), {"stdout": answer, "stderr": b"", "returncode": 0})

    monkeypatch.setattr(module, "run", run)
    module.answers = answers
    return module


def audited(audit) -> int:
    with pytest.raises(SystemExit) as stopped:
        audit.main()
    return int(stopped.value.code or 0)


def test_i3_without_a_service_the_audit_says_that_it_looked_at_nothing(audit, capsys):
    assert audited(audit) == 0
    assert capsys.readouterr().out.count("none ") == 4
    assert audit.report_problems() == []
    assert "No live audit of requirements/base.lock" in audit.notes()[0]


def test_i3_an_advisory_fails_the_audit_and_the_check(audit, capsys):
    audit.answers["pip-audit"] = told(ADVISORY)
    audit.answers["npm"] = json.dumps(NPM).encode()
    assert audited(audit) == 1
    assert "django 5.2.1: PYSEC-1, fixed in 5.2.2" in capsys.readouterr().out
    assert any("PYSEC-1" in problem for problem in audit.report_problems())


def test_i3_a_service_that_answers_and_leaves_a_package_out_fails_the_audit(audit):
    audit.answers["pip-audit"] = told(CLEAN["dependencies"][0], LEFT_OUT)
    assert audited(audit) == 1
    assert any("ours was not audited" in problem for problem in audit.report_problems())


def test_i3_an_advisory_of_the_page_fails_the_audit(audit, capsys):
    via = [{"title": "XSS", "url": "https://example.org/advisory"}, "another"]
    answer = NPM | {"vulnerabilities": {"marked": {"via": via}}}
    audit.answers["npm"] = json.dumps(answer).encode()
    assert audited(audit) == 1
    assert "marked: XSS (https://example.org/advisory)" in capsys.readouterr().out


def test_i3_all_clean_passes_without_a_note(audit):
    audit.answers["pip-audit"] = json.dumps(CLEAN).encode()
    audit.answers["npm"] = json.dumps(NPM).encode()
    assert audited(audit) == 0
    assert audit.notes() == []


def test_i3_a_report_about_other_lock_files_is_refused(audit):
    audited(audit)
    (audit.ROOT / audit.PAGE_LOCK).write_text("changed")
    assert audit.report_problems() == [
        "docs/audit-report.json is not about frontend/package-lock.json as it is now: `make audit` asks again."
    ]
    (audit.ROOT / audit.REPORT).unlink()
    assert "is missing" in audit.report_problems()[0]


def test_i3_the_bill_of_materials_lists_what_the_product_consists_of(script, tmp_path):
    sbom = script("sbom")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "frontend").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "rivulet"\nversion = "1"\n')
    lock = 'django==5.2.1 \\\n    --hash=sha256:00\nuvloop==1 ; sys_platform != "win32" \\\n    --hash=sha256:11\n'
    (tmp_path / "requirements" / "base.lock").write_text(lock)
    packages = {
        "": {"name": "page"},
        "node_modules/react": {"version": "19.0.0", "license": "MIT"},
        "node_modules/a/node_modules/@x/y": {"version": "2.0.0"},
        "node_modules/vite": {"version": "8.0.0", "dev": True},
    }
    (tmp_path / "frontend" / "package-lock.json").write_text(json.dumps({"packages": packages}))
    document = json.loads(sbom.bom(tmp_path))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert sorted(entry["purl"] for entry in document["components"]) == [
        "pkg:npm/%40x/y@2.0.0",
        "pkg:npm/react@19.0.0",
        "pkg:pypi/django@5.2.1",
        "pkg:pypi/uvloop@1",
    ]
    assert sbom.bom(tmp_path) == sbom.bom(tmp_path)
