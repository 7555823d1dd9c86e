"""vercel.json and vercel.toml: what is read, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from vercel_emu.deployment.config import load_vercel_config
from vercel_emu.deployment.routing import compile_routing
from vercel_emu.errors import EmuError, Where
from vercel_emu.project.model import UNSET, FunctionSettings
from vercel_emu.project.vercel_json.model import (
    Build,
    Condition,
    Cron,
    RedirectRule,
    ValueCondition,
    VercelConfig,
)
from vercel_emu.project.vercel_json.reader import (
    parse_vercel_config,
)


def load(folder: Path, text: str, name: str = "vercel.json") -> VercelConfig:
    (folder / name).write_text(text)
    return load_vercel_config(folder)


def refused(folder: Path, text: str, name: str = "vercel.json") -> EmuError:
    with pytest.raises(EmuError) as caught:
        load(folder, text, name)
    return caught.value


def test_without_a_file_everything_is_default(tmp_path: Path) -> None:
    assert load_vercel_config(tmp_path) == VercelConfig()


def test_everything_is_read(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """{
        "$schema": "https://openapi.vercel.sh/vercel.json",
        "cleanUrls": true, "trailingSlash": false, "framework": null,
        "outputDirectory": "dist", "regions": ["fra1"], "devCommand": "x",
        "env": {"A": "1"}, "build": {"env": {"B": "2"}},
        "functions": {"api/*.py": {"maxDuration": 30, "memory": 1024}, "app.py":
            {"maxDuration": "max"}},
        "crons": [{"path": "/api/cron", "schedule": "0 10 * * *"}],
        "redirects": [{"source": "/a", "destination": "/b", "permanent": false,
            "has": [{"type": "header", "key": "x", "value": {"inc": ["1", "2"], "pre": "y"}}]}]
        }""",
    )
    assert config.file_name == "vercel.json"
    assert (config.clean_urls, config.trailing_slash, config.framework) == (True, False, None)
    assert (config.output_directory, config.regions, config.dev_command) == ("dist", ("fra1",), "x")
    assert (dict(config.env), dict(config.build_env)) == ({"A": "1"}, {"B": "2"})
    assert config.function_settings == {
        "api/*.py": FunctionSettings(max_duration=30, memory_mb=1024),
        "app.py": FunctionSettings(max_duration=800),
    }
    assert config.crons == (Cron("/api/cron", "0 10 * * *"),)
    assert config.redirects == (
        RedirectRule(
            source="/a",
            destination="/b",
            status=307,
            has=(Condition("header", "x", ValueCondition(inc=("1", "2"), pre="y")),),
        ),
    )
    assert config.warnings == ()


def test_framework_has_three_states(tmp_path: Path) -> None:
    assert load(tmp_path, "{}").framework is UNSET
    assert load(tmp_path, '{"framework": "flask"}').framework == "flask"


def test_builds_are_read(tmp_path: Path) -> None:
    config = load(tmp_path, '{"builds": [{"src": "app.py", "use": "@vercel/python"}]}')
    assert config.builds == (Build("app.py", "@vercel/python"),)


def test_toml_is_read(tmp_path: Path) -> None:
    text = 'cleanUrls = true\n[[redirects]]\nsource = "/a"\ndestination = "/b"\n'
    config = load(tmp_path, text, "vercel.toml")
    assert config.file_name == "vercel.toml"
    assert config.redirects[0].status == 308


def test_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff{}").redirects == ()


@pytest.mark.parametrize("other", ["vercel.toml", "vercel.ts"])
def test_two_files_are_an_error(tmp_path: Path, other: str) -> None:
    (tmp_path / other).write_text("")
    error = refused(tmp_path, "{}")
    assert error.code == "CONFLICTING_CONFIG_FILES"
    assert f"Multiple config files found: vercel.json, {other}." in error.message


def test_a_program_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "vercel.ts").write_text("")
    (warning,) = load_vercel_config(tmp_path).warnings
    assert "vercel.ts is a program" in warning.message
    assert warning.where == Where("vercel.ts")


def test_now_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "now.json").write_text("{}")
    assert refused(tmp_path, "{}").code == "DEPRECATED_NOW_JSON"


def test_json_error_has_line_and_column(tmp_path: Path) -> None:
    error = refused(tmp_path, '{\n  "cleanUrls": true,\n  "x": 1,\n}')
    assert error.code == "CANT_PARSE_JSON_FILE"
    assert "Can't parse json file vercel.json:" in error.message
    assert "vercel.json:3:" in error.message or "vercel.json:4:" in error.message
    assert "comma" in str(error)


@pytest.mark.parametrize(
    "text", ["", "nonsense", '{"a": NaN}', "[" * 100_000, '{"a": ' + "9" * 5000]
)
def test_other_json_errors(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text).code == "CANT_PARSE_JSON_FILE"


def test_toml_error_has_line_and_column(tmp_path: Path) -> None:
    error = refused(tmp_path, "a = 1\nb = = 2", "vercel.toml")
    assert error.code == "CANT_PARSE_TOML_FILE"
    assert "line 2, column 5" in error.message


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "vercel.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EmuError, match="not UTF-8"):
        load_vercel_config(tmp_path)
    (tmp_path / "vercel.json").unlink()
    (tmp_path / "vercel.json").mkdir()
    with pytest.raises(EmuError, match="directory"):
        load_vercel_config(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "Invalid vercel.json - should be object."),
        (
            '{"rewrites": [{"src": "/a", "destination": "/b"}]}',
            (
                "Invalid vercel.json - `rewrites[0]` should NOT have additional property `src`. "
                "Did you mean `source`?"
            ),
        ),
        (
            '{"redirects": [{"source": "/a", "destination": "/b", "status": 301}]}',
            (
                "Invalid vercel.json - `redirects[0]` should NOT have additional property "
                "`status`. "
                "Did you mean `statusCode`?"
            ),
        ),
        (
            '{"rewrites": [{"source": "/a", "destinatoin": "/b"}]}',
            (
                "Invalid vercel.json - `rewrites[0]` should NOT have additional property "
                "`destinatoin`. Did you mean `destination`?"
            ),
        ),
        (
            '{"rewrites": [{"source": "/a"}]}',
            "Invalid vercel.json - `rewrites[0]` missing required property `destination`.",
        ),
        ('{"rewrites": {}}', "Invalid vercel.json - `rewrites` should be array."),
        ('{"cleanUrls": "yes"}', "Invalid vercel.json - `cleanUrls` should be boolean."),
        ('{"trailingSlash": 1}', "Invalid vercel.json - `trailingSlash` should be boolean."),
        (
            '{"headers": [{"source": "/a", "headers": [{"key": "a"}]}]}',
            "Invalid vercel.json - `headers[0].headers[0]` missing required property `value`.",
        ),
        (
            '{"redirects": [{"source": "/a", "destination": "/b", "statusCode": 99}]}',
            "Invalid vercel.json - `redirects[0].statusCode` should be >= 100.",
        ),
        (
            (
                '{"redirects": [{"source": "/a", "destination": "/b", '
                '"has": [{"type": "ip", "value": "x"}]}]}'
            ),
            (
                "Invalid vercel.json - `redirects[0].has[0].type` should be equal to one of the "
                "allowed values."
            ),
        ),
        (
            '{"redirects": [{"source": "/a", "destination": "/b", "has": [{"type": "header"}]}]}',
            "Invalid vercel.json - `redirects[0].has[0]` missing required property `key`.",
        ),
        (
            '{"crons": [{"path": "cron", "schedule": "* * * * *"}]}',
            'Invalid vercel.json - `crons[0].path` should match pattern "^/.*".',
        ),
        (
            '{"crons": [{"path": "/cron", "schedule": "daily"}]}',
            "Invalid vercel.json - `crons[0].schedule` should NOT be shorter than 9 characters.",
        ),
        (
            '{"functions": {}}',
            "Invalid vercel.json - `functions` should NOT have fewer than 1 properties.",
        ),
        (
            '{"functions": {"api/a.py": {"maxDuraton": 3}}}',
            (
                "Invalid vercel.json - `functions['api/a.py']` should NOT have additional property "
                "`maxDuraton`. Did you mean `maxDuration`?"
            ),
        ),
        ('{"env": {"A": 1}}', "Invalid vercel.json - `env.A` should be string."),
        ('{"proxy": {}}', "Invalid vercel.json - `proxy` missing required property `entrypoint`."),
        ('{"services": []}', "Invalid vercel.json - `services` should be object."),
        (
            '{"experimentalServices": {"api": {"entrypoint": 1}}}',
            "Invalid vercel.json - `experimentalServices.api.entrypoint` should be string.",
        ),
        ('{"schedules": "0 5 * * *"}', "Invalid vercel.json - `schedules` should be array."),
        ('{"daemons": {"a": 1}}', "Invalid vercel.json - `daemons.a` should be object."),
        (
            '{"experimentalServiceGroups": {"all": "web"}}',
            "Invalid vercel.json - `experimentalServiceGroups.all` should be array.",
        ),
    ],
)
def test_schema_errors_are_the_platforms(tmp_path: Path, text: str, message: str) -> None:
    error = refused(tmp_path, text)
    assert error.code == "INVALID_VERCEL_CONFIG"
    assert error.message == message


def test_hint_lists_what_is_allowed(tmp_path: Path) -> None:
    error = refused(tmp_path, '{"rewrites": [{"src": "/a"}]}')
    assert error.hint is not None
    assert "source, destination" in error.hint


def test_too_many_rules() -> None:
    rule = {"source": "/a", "destination": "/b"}
    with pytest.raises(EmuError, match="should NOT have more than 2048 items"):
        parse_vercel_config({"rewrites": [rule] * 2049})


@pytest.mark.parametrize(
    ("function", "code", "message"),
    [
        (
            {"maxDuration": 0},
            "invalid_function_duration",
            'Functions must have a maxDuration between 1 and 3600, or "max".',
        ),
        ({"maxDuration": "1m"}, "invalid_function_duration", ""),
        ({"maxDuration": 2.5}, "invalid_function_duration", ""),
        (
            {"memory": 64},
            "invalid_function_memory",
            "Functions must have a memory value between 128 and 10240",
        ),
        ({"memory": "1GB"}, "invalid_function_memory", ""),
        ({}, "invalid_function", "Function must contain at least one property."),
    ],
)
def test_function_settings_out_of_range(
    function: dict[str, object], code: str, message: str
) -> None:
    with pytest.raises(EmuError) as caught:
        parse_vercel_config({"functions": {"api/a.py": function}})
    assert caught.value.code == code
    assert message in caught.value.message
    assert "functions['api/a.py']" in (caught.value.hint or "")


def test_function_glob_without_a_slash_in_front() -> None:
    with pytest.raises(EmuError, match="cannot start with a slash") as caught:
        parse_vercel_config({"functions": {"/api/a.py": {"memory": 128}}})
    assert caught.value.code == "invalid_function_source"


def test_functions_and_builds_exclude_each_other() -> None:
    with pytest.raises(EmuError) as caught:
        parse_vercel_config({"functions": {"a.py": {"memory": 128}}, "builds": [{"use": "@v/p"}]})
    assert caught.value.code == "FUNCTIONS_AND_BUILDS"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            '{"rewrites": [{"source": "/:a/:", "destination": "/b"}]}',
            "invalid_rewrite",
            'Rewrite at index 0 has invalid `source` pattern "/:a/:".',
        ),
        (
            '{"redirects": [{"source": "/(", "destination": "/b"}]}',
            "invalid_redirect",
            'Redirect at index 0 has invalid `source` regular expression "/(".',
        ),
        (
            '{"headers": [{"source": "/*", "headers": []}]}',
            "invalid_header",
            'Header at index 0 has invalid `source` pattern "/*".',
        ),
        (
            '{"rewrites": [{"source": "/:a", "destination": "/:b"}]}',
            "invalid_rewrite",
            (
                'Rewrite at index 0 has segment ":b" in `destination` property but not in `source` '
                "or `has` property."
            ),
        ),
        (
            '{"redirects": [{"source": "/a", "destination": "https://:t.e.org/"}]}',
            "invalid_redirect",
            (
                'Redirect at index 0 has segment ":t" in `destination` property but not in '
                "`source` "
                "or `has` property."
            ),
        ),
        (
            (
                '{"redirects": [{"source": "/a", "destination": "/b", "permanent": true, '
                '"statusCode": 301}]}'
            ),
            "invalid_redirect",
            "Redirect at index 0 cannot define both `permanent` and `statusCode` properties.",
        ),
        (
            (
                '{"redirects": [{"source": "/a", "destination": "/b", '
                '"has": [{"type": "host", "value": "("}]}]}'
            ),
            "invalid_redirect",
            "Redirect at index 0 has an invalid regular expression in `has[0].value`",
        ),
        (
            '{"routes": [{"dest": "/a"}]}',
            "invalid_route",
            "Route at index 0 must define either `src` or `source` property.",
        ),
        (
            '{"routes": [{"src": "/("}]}',
            "invalid_route",
            'Route at index 0 has invalid `src`/`source` regular expression "^/($"',
        ),
        (
            '{"routes": [{"handle": "nowhere"}]}',
            "invalid_route",
            "Route at index 0 has unknown handle value `handle: nowhere`.",
        ),
        (
            '{"routes": [{"handle": "miss"}, {"handle": "miss"}]}',
            "invalid_route",
            "Route at index 1 is a duplicate. Please use one `handle: miss` at most.",
        ),
        (
            '{"routes": [{"handle": "miss"}, {"src": "/a", "dest": "/b"}]}',
            "invalid_route",
            "Route at index 1 must define `check: true` after `handle: miss`.",
        ),
        (
            '{"routes": [{"handle": "hit"}, {"src": "/a", "dest": "/b"}]}',
            "invalid_route",
            "Route at index 1 cannot define `dest`/`destination` after `handle: hit`.",
        ),
        (
            '{"headers": [{"source": "/a", "headers": [{"key": "a b", "value": "c"}]}]}',
            "invalid_header",
            "headers[0] has the header name 'a b', which can't be sent.",
        ),
    ],
)
def test_rules_the_platform_refuses(tmp_path: Path, text: str, code: str, message: str) -> None:
    error = refused(tmp_path, text)
    assert error.code == code
    assert message in error.message


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ('{"redirects": [{"src": "/a"}]}', "redirects[0]", None),
        ('{"functions": {"a.py": {"runtime": 1}}}', "functions['a.py'].runtime", None),
        ('{"functions": {"a.py": {"maxDuration": 0}}}', "functions['a.py'].maxDuration", None),
        ('{"functions": {"a.py": {"memory": 1}}}', "functions['a.py'].memory", None),
        ('{"functions": {"/a.py": {"memory": 128}}}', "functions['/a.py']", None),
        ("[]", None, None),
        ('{"regions": []\n"x": 1}', None, 2),
        ('{"rewrites": [{"source": "/(", "destination": "/"}]}', "rewrites[0].source", None),
        ('{"rewrites": [{"source": "/a", "destination": "/:b"}]}', "rewrites[0].destination", None),
        (
            '{"headers": [{"source": "/", "headers": [], "has": [{"type":"host", "value":"("}]}]}',
            "headers[0].has[0].value",
            None,
        ),
        ('{"routes": [{"src": "("}]}', "routes[0].src", None),
        ('{"routes": [{"handle": "filesystem"}, {"handle": "no"}]}', "routes[1]", None),
        ('{"routes": [{"handle": "hit", "src": "/a"}]}', "routes[0].src", None),
        ('{"routes": [{"src": "/a", "source": "/a"}]}', "routes[0].source", None),
        (
            '{"headers": [{"source": "/a", "headers": [{"key": "a b", "value": ""}]}]}',
            "headers[0]",
            None,
        ),
        (
            '{"redirects": [{"source":"/", "destination":"", "permanent":true, "statusCode":301}]}',
            "redirects[0]",
            None,
        ),
    ],
)
def test_an_error_says_where(tmp_path: Path, text: str, key: str | None, line: int | None) -> None:
    assert refused(tmp_path, text).where == Where("vercel.json", key, line)


def test_an_error_of_toml_says_where(tmp_path: Path) -> None:
    assert refused(tmp_path, "a = 1\nb 2", "vercel.toml").where == Where("vercel.toml", line=2)
    text = '[[rewrites]]\nsource = "/("\ndestination = "/"\n'
    error = refused(tmp_path, text, "vercel.toml")
    assert error.where == Where("vercel.toml", "rewrites[0].source")


def test_a_rule_keeps_its_number_behind_one_that_is_ignored(tmp_path: Path) -> None:
    service = '{"source": "/a", "destination": {"service": "b"}}'
    config = load(tmp_path, f'{{"rewrites": [{service}, {{"source": "/b", "destination": "/c"}}]}}')
    (rule,) = compile_routing(config).phases["filesystem"].rules
    assert rule.label == "rewrites[1]"
    error = refused(
        tmp_path, f'{{"rewrites": [{service}, {{"source": "/(", "destination": "/c"}}]}}'
    )
    assert error.where == Where("vercel.json", "rewrites[1].source")
    assert "Rewrite at index 1" in error.message


@pytest.mark.parametrize(
    ("text", "warning", "code", "key"),
    [
        (
            '{"rewrite": []}',
            "unknown key `rewrite`; did you mean `rewrites`?",
            "UNKNOWN_CONFIG_KEY",
            "rewrite",
        ),
        (
            '{"wildcard": []}',
            "`wildcard` has no effect in the emulator",
            "UNSUPPORTED_CONFIG_KEY",
            "wildcard",
        ),
        (
            '{"daemons": {"d": {"root": ".", "entrypoint": "Dockerfile", "instances": {}}}}',
            "`daemons` has no effect in the emulator",
            "UNSUPPORTED_CONFIG_KEY",
            "daemons",
        ),
        (
            '{"proxy": {"entrypoint": "proxy.py", "matcher": ["/a"]}}',
            "`proxy` has no effect in the emulator",
            "UNSUPPORTED_CONFIG_KEY",
            "proxy",
        ),
        (
            '{"experimentalServiceGroups": {"all": ["web", "api"]}}',
            "`experimentalServiceGroups` has no effect in the emulator",
            "UNSUPPORTED_CONFIG_KEY",
            "experimentalServiceGroups",
        ),
        (
            '{"schedules": [{"schedule": "0 5 * * *", "path": "/x", "jitter": 5}]}',
            "`schedules` has no effect in the emulator",
            "UNSUPPORTED_CONFIG_KEY",
            "schedules",
        ),
        (
            '{"schedules": {"nightly": {"schedule": "0 5 * * *", "entrypoint": "jobs/n.py"}}}',
            "`schedules` has no effect in the emulator",
            "UNSUPPORTED_CONFIG_KEY",
            "schedules",
        ),
        (
            '{"customErrorPage": "404.html"}',
            "unknown key `customErrorPage`; the platform ignores it",
            "UNKNOWN_CONFIG_KEY",
            "customErrorPage",
        ),
        (
            (
                '{"rewrites": [{"source": "/a", "destination": {"service": "b"}}],'
                ' "routes": [{"src": "/c", "destination": {"service": "b"}}]}'
            ),
            "`rewrites[0]`, `routes[0]` lead to services; services are not emulated and the rules",
            "SERVICE_NOT_EMULATED",
            "rewrites[0]",
        ),
        (
            '{"zzz": []}',
            "unknown key `zzz`; the platform ignores it",
            "UNKNOWN_CONFIG_KEY",
            "zzz",
        ),
        (
            '{"rewrites": [{"source": "/a", "destination": {"service": "b"}}]}',
            "`rewrites[0]` leads to a service; services are not emulated",
            "SERVICE_NOT_EMULATED",
            "rewrites[0]",
        ),
        (
            '{"redirects": [{"source": "/.well-known/x", "destination": "/y"}]}',
            "the platform reserves /.well-known",
            "RESERVED_PATH",
            "redirects[0]",
        ),
        (
            '{"crons": [{"path": "/c", "schedule": "0 10 * * MON"}]}',
            "`crons[0].schedule` '0 10 * * MON'",
            "INVALID_CRON_EXPRESSION",
            "crons[0].schedule",
        ),
        (
            '{"redirects": [{"source": "/a", "destination": "/b", "env": ["A"]}]}',
            "`redirects[0].env` has no effect",
            "UNSUPPORTED_CONFIG_KEY",
            "redirects[0].env",
        ),
    ],
)
def test_what_the_platform_tolerates_is_warned_of(
    tmp_path: Path, text: str, warning: str, code: str, key: str
) -> None:
    (found,) = load(tmp_path, text).warnings
    assert warning in found.message
    assert (found.code, found.where) == (code, Where("vercel.json", key))
