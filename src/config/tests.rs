use std::ffi::OsString;

use super::*;

fn env(vars: &[(&str, &str)]) -> Env {
    let vars = vars
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Env::new(vars, None)
}

/// A config file with this text, a place for data, and the overrides that name both.
fn with_file(text: &str) -> (tempfile::TempDir, Overrides) {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config.toml");
    fs::write(&config, text).unwrap();
    let overrides = Overrides {
        config: Some(config),
        data_dir: Some(dir.path().join("data")),
        ..Overrides::default()
    };
    (dir, overrides)
}

fn origin<'a>(settings: &'a Settings, name: &str) -> (Option<&'a str>, &'a Origin) {
    let shown = settings.shown.iter().find(|s| s.name == name).unwrap();
    (shown.value.as_deref(), &shown.origin)
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let (_dir, mut overrides) = with_file(
        "profile = \"default\"\n[profiles.default]\nbase_url = \"https://file.example/v1/\"\n\
         [profiles.b]\n[profiles.c]\n",
    );
    let url = |o: &Overrides, e: &Env| resolve(o, e).unwrap().profile.base_url.to_string();
    let quiet = env(&[]);
    let loud = env(&[
        ("ARK_BASE_URL", "https://env.example/v1"),
        ("ARKDECK_PROFILE", "b"),
    ]);
    assert_eq!(url(&overrides, &quiet), "https://file.example/v1");
    assert_eq!(url(&overrides, &loud), "https://env.example/v1");
    assert_eq!(resolve(&overrides, &loud).unwrap().profile.name, "b");
    overrides.base_url = Some("https://flag.example/v1".to_owned());
    overrides.profile = Some("c".to_owned());
    assert_eq!(url(&overrides, &loud), "https://flag.example/v1");
    let settings = resolve(&overrides, &loud).unwrap();
    assert_eq!(settings.profile.name, "c");
    assert_eq!(origin(&settings, "profile").1, &Origin::Flag("--profile"));

    let settings = resolve(
        &Overrides {
            config: overrides.config,
            data_dir: overrides.data_dir,
            ..Overrides::default()
        },
        &quiet,
    )
    .unwrap();
    assert_eq!(origin(&settings, "base_url").1, &Origin::File { line: 3 });
    assert_eq!(
        origin(&settings, "concurrency"),
        (Some("64"), &Origin::Default)
    );
}

#[test]
fn an_empty_variable_is_not_set() {
    let (_dir, overrides) = with_file("");
    let settings = resolve(
        &overrides,
        &env(&[("ARK_BASE_URL", ""), ("ARK_API_KEY", "")]),
    );
    let settings = settings.unwrap();
    assert_eq!(settings.profile.base_url.as_str(), DEFAULT_BASE_URL);
    assert!(matches!(
        settings.profile.key.key(),
        Err(NoKey::NotSet { .. })
    ));
}

#[test]
fn only_the_vendors_hosts_have_a_ceiling_by_themselves() {
    let (_dir, mut overrides) = with_file("[profiles.default]\n[profiles.slow]\nrate = 2.5\n");
    for (url, rate) in [
        ("https://ark.cn-beijing.volces.com/api/v3", Some(20.0)),
        ("https://ark.ap-southeast.bytepluses.com/api/v3", Some(20.0)),
        ("http://127.0.0.1:9/api/v3", None),
        ("https://notvolces.com/v1", None),
        ("https://volces.com.example/v1", None),
    ] {
        overrides.base_url = Some(url.to_owned());
        let profile = resolve(&overrides, &env(&[])).unwrap().profile;
        assert_eq!(profile.rate, rate, "{url}");
    }
    overrides.profile = Some("slow".to_owned());
    let settings = resolve(&overrides, &env(&[])).unwrap();
    assert_eq!(settings.profile.rate, Some(2.5));
    assert_eq!(origin(&settings, "rate").1, &Origin::File { line: 3 });
}

#[test]
fn mistakes_are_named_by_line_and_column_all_at_once() {
    let (_dir, overrides) = with_file(
        "lang = \"fr\"\n[profiles.default]\nbase_url = \"ftp://x\"\nconcurrency = 0\n\
         rate = \"fast\"\nkey_env = \"ark-secret-1\"\nnot_found_codes = [\"A.*\", \"*\"]\n\
         undo_seconds = -1\n[profiles.\"a b\"]\nkey_env = \"A\"\nkey_command = [\"x\"]\n",
    );
    let errors = check(&paths(&overrides, &env(&[])).unwrap()).unwrap_err();
    let found: Vec<_> = errors
        .iter()
        .map(|error| match error {
            ConfigError::Value {
                line,
                column,
                problem,
                ..
            } => (*line, *column, *problem),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        found,
        [
            (1, 8, Problem::UnknownLang),
            (9, 11, Problem::ProfileName),
            (11, 15, Problem::TwoKeySources),
            (6, 11, Problem::NotAVariable),
            (3, 12, Problem::Url(UrlProblem::Scheme)),
            (4, 15, Problem::OutOfRange { min: 1, max: 1_024 }),
            (5, 8, Problem::NotARate),
            (8, 16, Problem::OutOfRange { min: 0, max: 3_600 }),
            (7, 19, Problem::NotACode),
        ]
    );
    let told: String = errors.iter().map(ToString::to_string).collect();
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn unknown_names_and_broken_toml_are_errors_that_quote_no_value() {
    for (text, place) in [
        ("[profiles.default]\napi_key = \"ark-secret-1\"\n", (2, 1)),
        ("colour = 1\n", (1, 1)),
        ("lang = \"en\nkey = \"ark-secret-1\"\n", (1, 11)),
        (
            "[profiles.default]\nmax_batch = \"ark-secret-1\"\n",
            (2, 13),
        ),
        (
            "[profiles.default]\nprotected = \"a, expected \\\"ark-secret-1\"\n",
            (2, 13),
        ),
    ] {
        let (_dir, overrides) = with_file(text);
        let error = resolve(&overrides, &env(&[])).unwrap_err();
        let ConfigError::Syntax { line, column, .. } = error else {
            panic!("{error}");
        };
        assert_eq!((line, column), place, "{text}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let (dir, mut overrides) = with_file("");
    overrides.config = Some(dir.path().join("absent.toml"));
    let error = resolve(&overrides, &env(&[])).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }));
}

#[test]
fn an_unknown_profile_lists_those_there_are() {
    let (_dir, mut overrides) = with_file("[profiles.work]\n");
    overrides.profile = Some("play".to_owned());
    match resolve(&overrides, &env(&[])).unwrap_err() {
        ConfigError::NoSuchProfile { known, .. } => assert_eq!(known, ["default", "work"]),
        other => panic!("{other}"),
    }
}

#[test]
fn base_urls_hold_no_secrets_and_no_query() {
    for (text, problem) in [
        ("ark", UrlProblem::NotAUrl),
        ("file:///x", UrlProblem::Scheme),
        ("https://u:p@host/v1", UrlProblem::Credentials),
        ("https://host/v1?key=x", UrlProblem::QueryOrFragment),
    ] {
        let (_dir, mut overrides) = with_file("");
        overrides.base_url = Some(text.to_owned());
        let error = resolve(&overrides, &env(&[])).unwrap_err();
        match error {
            ConfigError::BaseUrl { problem: found, .. } => assert_eq!(found, problem, "{text}"),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn the_default_file_is_private_parses_and_is_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/er/config.toml");
    init(&path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }
    let text = fs::read_to_string(&path).unwrap();
    file::parse(&path, &text).unwrap();
    // Every example in it holds as well, once its comment sign is gone.
    let live = |line: &str| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let name = bare.split(" = ").next().unwrap_or_default();
        let is_setting =
            bare.contains(" = ") && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (is_setting || bare.starts_with('[')).then(|| bare.to_owned())
    };
    let examples: Vec<String> = text.lines().filter_map(live).collect();
    let one_key_source: Vec<&str> = examples
        .iter()
        .map(String::as_str)
        .filter(|line| !line.starts_with("key_command"))
        .collect();
    assert!(one_key_source.len() > 12, "{one_key_source:?}");
    let file = file::parse(&path, &one_key_source.join("\n")).unwrap();
    assert_eq!(file.keys["delete"], ["d", "Delete"]);
    assert!(matches!(init(&path), Err(ConfigError::Exists { .. })));
}

#[test]
fn debug_output_never_holds_the_key() {
    let (_dir, overrides) = with_file("");
    let env = env(&[("ARK_API_KEY", "ark-secret-1")]);
    let settings = resolve(&overrides, &env).unwrap();
    assert!(settings.profile.key.key().is_ok());
    let told = format!("{settings:?} {env:?}");
    assert!(!told.contains("secret"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_command_gives_the_key_without_a_shell_or_our_input() {
    let key =
        |argv: &[&str]| KeySource::Command(argv.iter().map(|s| (*s).to_owned()).collect()).key();
    let found = key(&["printf", "%s\n", "ark-$HOME"]).unwrap();
    assert_eq!(found.bearer(), "Bearer ark-$HOME");
    assert!(matches!(key(&["false"]), Err(NoKey::Failed { .. })));
    assert!(matches!(key(&["cat"]), Err(NoKey::BadOutput { .. })));
    assert!(matches!(
        key(&["/nonexistent/program"]),
        Err(NoKey::CannotRun { .. })
    ));
}

#[test]
fn the_language_comes_from_flag_file_or_system() {
    let (_dir, mut overrides) = with_file("lang = \"zh-CN\"\n");
    let system = Env::new([], Some("zh-CN".to_owned()));
    assert_eq!(language(&overrides, &env(&[])), Lang::ZhCn);
    overrides.lang = Some(Lang::En);
    assert_eq!(language(&overrides, &system), Lang::En);
    let (_dir, overrides) = with_file("lang = 7\n");
    assert_eq!(language(&overrides, &system), Lang::ZhCn);
}

#[test]
fn the_quota_is_a_size_or_none() {
    for (value, quota, shown) in [
        ("", Some(20_000_000_000), Some("20GB")),
        ("quota = \"1.5GB\"", Some(1_500_000_000), Some("1500MB")),
        ("quota = 1234", Some(1_234), Some("1234B")),
        ("quota = 0", None, None),
        ("quota = \"unlimited\"", None, None),
    ] {
        let (_dir, overrides) = with_file(&format!("[profiles.default]\n{value}\n"));
        let settings = resolve(&overrides, &env(&[])).unwrap();
        assert_eq!(settings.profile.quota, quota, "{value}");
        assert_eq!(origin(&settings, "quota").0, shown, "{value}");
    }
    for value in ["-1", "\"much\"", "true"] {
        let (_dir, overrides) = with_file(&format!("[profiles.default]\nquota = {value}\n"));
        let error = resolve(&overrides, &env(&[])).unwrap_err();
        assert!(matches!(
            error,
            ConfigError::Value {
                line: 2,
                problem: Problem::NotASize,
                ..
            }
        ));
    }
}
