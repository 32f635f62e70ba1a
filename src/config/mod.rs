//! Settings, resolved once: flag beats environment beats config file beats default.
//!
//! Refuses being read from anywhere else: `main` collects the environment into an [`Env`], and what
//! comes out of [`resolve`] is passed down. (The exceptions are `directories`, which asks for the
//! home directory, and the HTTP client, which obeys the usual proxy variables.) The key itself is
//! never among what [`Settings::shown`] lists.

mod env;
mod error;
mod file;
mod key;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use directories::ProjectDirs;
use url::{Host, Url};

use crate::domain::{self, Lang};

pub use env::Env;
pub use error::{ConfigError, Problem, UrlProblem};
pub use key::{KeySource, NoKey};

use file::{File, Placed, Table};

/// The base URL of all of Ark's SDKs (`ark-api` section 2).
pub const DEFAULT_BASE_URL: &str = "https://ark.cn-beijing.volces.com/api/v3";
/// The profile that needs no config file.
pub const DEFAULT_PROFILE: &str = "default";
/// Where Ark's SDKs look for the key.
pub const DEFAULT_KEY_ENV: &str = "ARK_API_KEY";

/// Fills 20 requests a second of each kind while an answer takes up to 1.6 s, and is what the
/// rate, not the number of connections, should limit.
const DEFAULT_CONCURRENCY: usize = 64;
/// Ark documents 20 requests a second for each account and call (`ark-api` section 3).
const REAL_HOST_RATE: f64 = 20.0;
const DEFAULT_UNDO: Duration = Duration::from_secs(5);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The directives of `-v`: ours only, a dependency could log a header.
const VERBOSE: &str = "arkdeck=debug";

/// The commented file that `config init` writes.
const TEMPLATE: &str = include_str!("../../assets/config.toml");

/// What the command line said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub profile: Option<String>,
    pub base_url: Option<String>,
    pub data_dir: Option<PathBuf>,
    pub config: Option<PathBuf>,
    pub read_only: bool,
    pub lang: Option<Lang>,
    pub verbose: bool,
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Env(&'static str),
    /// The line in the config file.
    File {
        line: usize,
    },
    /// The language of the system.
    Locale,
    Default,
}

/// One setting as `config show` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub name: &'static str,
    /// `None` = no such limit.
    pub value: Option<String>,
    pub origin: Origin,
}

/// Everything the program was told, in one place.
#[derive(Clone, Debug)]
pub struct Settings {
    pub profile: Profile,
    pub data_dir: PathBuf,
    pub config_path: PathBuf,
    pub lang: Lang,
    /// Nothing is sent that changes anything, and nothing is written to the ledger.
    pub read_only: bool,
    /// Action name to chords; checked by whoever owns the key table.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Log directives, if a log was asked for.
    pub log: Option<String>,
    /// `ARKDECK_CONFIRM`: the exact number of items that may be deleted on a protected profile
    /// without a terminal.
    pub confirm: Option<String>,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    pub shown: Vec<Shown>,
}

/// A base URL, where its key comes from, and its quirks.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    /// Without a trailing slash, credentials, query or fragment.
    pub base_url: Url,
    pub key: KeySource,
    /// Deletions need the exact number of items as confirmation.
    pub protected: bool,
    pub max_batch: Option<u64>,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Requests a second of each kind; `None` = no ceiling.
    pub rate: Option<f64>,
    /// How long a confirmed batch waits before its first request.
    pub undo: Duration,
    /// For one complete answer.
    pub timeout: Duration,
    /// Further error codes of 400 and 404 that mean "there is no such id"; one `*` at either end.
    pub not_found_codes: Vec<String>,
    pub allow_plain_http: bool,
    /// What the account's files may take together, in bytes; `None` = nobody counts.
    pub quota: Option<u64>,
}

/// Where the files are, whether they exist or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub config: PathBuf,
    pub config_origin: Origin,
    pub data: PathBuf,
    pub data_origin: Origin,
}

/// Where config file and data are, without reading either.
pub fn paths(overrides: &Overrides, env: &Env) -> Result<Paths, ConfigError> {
    let home = || ProjectDirs::from("", "", "arkdeck").ok_or(ConfigError::NoHome);
    let place = |flag: Option<&PathBuf>, flag_name, env_name| match (flag, env.path(env_name)) {
        (Some(path), _) => Some((path.clone(), Origin::Flag(flag_name))),
        (None, Some(path)) => Some((path, Origin::Env(env_name))),
        (None, None) => None,
    };
    let (config, config_origin) =
        match place(overrides.config.as_ref(), "--config", "ARKDECK_CONFIG") {
            Some(found) => found,
            None => (home()?.config_dir().join("config.toml"), Origin::Default),
        };
    let (data, data_origin) = match place(
        overrides.data_dir.as_ref(),
        "--data-dir",
        "ARKDECK_DATA_DIR",
    ) {
        Some(found) => found,
        // Not the roaming folder of Windows: a database does not travel.
        None => (home()?.data_local_dir().to_owned(), Origin::Default),
    };
    Ok(Paths {
        config,
        config_origin,
        data,
        data_origin,
    })
}

/// The language to speak before, and even if never, the settings are resolved.
pub fn language(overrides: &Overrides, env: &Env) -> Lang {
    let from_file = || {
        let paths = paths(overrides, env).ok()?;
        let text = fs::read_to_string(&paths.config).ok()?;
        Some(file::parse(&paths.config, &text).ok()?.lang?.value)
    };
    overrides
        .lang
        .or_else(from_file)
        .unwrap_or_else(|| system_language(env).0)
}

fn system_language(env: &Env) -> (Lang, Origin) {
    match env.locale.as_deref() {
        Some(locale) => (Lang::from_locale(locale), Origin::Locale),
        None => (Lang::default(), Origin::Default),
    }
}

/// Reads the config file, if there is one, and settles every question.
///
/// An absent file is no error unless it was named by flag or environment.
pub fn resolve(overrides: &Overrides, env: &Env) -> Result<Settings, ConfigError> {
    let paths = paths(overrides, env)?;
    let file = read(&paths)?.unwrap_or_default();
    Resolver {
        overrides,
        env,
        shown: Vec::new(),
    }
    .settings(paths, file)
}

/// Everything that is wrong with the config file; `Ok(false)` if there is none.
pub fn check(paths: &Paths) -> Result<bool, Vec<ConfigError>> {
    let Some(text) = text(paths).map_err(|error| vec![error])? else {
        return Ok(false);
    };
    file::parse(&paths.config, &text).map(|_| true)
}

/// Writes the commented default file, readable by its owner only, and never over another.
pub fn init(path: &Path) -> Result<(), ConfigError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => ConfigError::Exists {
            path: path.to_owned(),
        },
        _ => ConfigError::Unwritable {
            path: path.to_owned(),
            source,
        },
    };
    if let Some(dir) = path.parent() {
        private_dir(dir).map_err(failed)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(TEMPLATE.as_bytes()))
        .map_err(failed)
}

/// Creates what is missing of `dir`, for the owner only.
fn private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn text(paths: &Paths) -> Result<Option<String>, ConfigError> {
    match fs::read_to_string(&paths.config) {
        Ok(text) => Ok(Some(text)),
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                && paths.config_origin == Origin::Default =>
        {
            Ok(None)
        }
        Err(source) => Err(ConfigError::Unreadable {
            path: paths.config.clone(),
            source,
        }),
    }
}

fn read(paths: &Paths) -> Result<Option<File>, ConfigError> {
    let Some(text) = text(paths)? else {
        return Ok(None);
    };
    match file::parse(&paths.config, &text) {
        Ok(file) => Ok(Some(file)),
        // The first is enough to stop; `config check` lists them all.
        Err(errors) => errors.into_iter().next().map_or(Ok(None), Err),
    }
}

struct Resolver<'a> {
    overrides: &'a Overrides,
    env: &'a Env,
    shown: Vec<Shown>,
}

impl Resolver<'_> {
    fn settings(mut self, paths: Paths, mut file: File) -> Result<Settings, ConfigError> {
        self.show("config", paths.config.display(), paths.config_origin);
        self.show("data_dir", paths.data.display(), paths.data_origin);
        let lang = match (self.overrides.lang, file.lang.take()) {
            (Some(lang), _) => (lang, Origin::Flag("--lang")),
            (None, Some(lang)) => lang.into(),
            (None, None) => system_language(self.env),
        };
        self.show("lang", lang.0.as_str(), lang.1);
        let read_only = self.overrides.read_only;
        let read_only_origin = if read_only {
            Origin::Flag("--read-only")
        } else {
            Origin::Default
        };
        self.show("read_only", read_only, read_only_origin);
        let keys = std::mem::take(&mut file.keys);
        let profile = self.profile(file)?;
        let log = if self.overrides.verbose {
            Some((VERBOSE.to_owned(), Origin::Flag("-v")))
        } else {
            let log = self.env.var("ARKDECK_LOG");
            log.map(|log| (log.into_owned(), Origin::Env("ARKDECK_LOG")))
        };
        if let Some((log, origin)) = &log {
            self.show("log", log, origin.clone());
        }
        Ok(Settings {
            profile,
            data_dir: paths.data,
            config_path: paths.config,
            lang: lang.0,
            read_only,
            keys,
            log: log.map(|(log, _)| log),
            confirm: self.env.var("ARKDECK_CONFIRM").map(Into::into),
            no_color: self.env.var("NO_COLOR").is_some(),
            shown: self.shown,
        })
    }

    fn profile(&mut self, mut file: File) -> Result<Profile, ConfigError> {
        let (name, origin) = match (
            self.overrides.profile.clone(),
            self.env.var("ARKDECK_PROFILE"),
            file.profile.take(),
        ) {
            (Some(name), _, _) => (name, Origin::Flag("--profile")),
            (None, Some(name), _) => (name.into_owned(), Origin::Env("ARKDECK_PROFILE")),
            (None, None, Some(name)) => name.into(),
            (None, None, None) => (DEFAULT_PROFILE.to_owned(), Origin::Default),
        };
        let table = match file.profiles.remove(&name) {
            Some(table) => table,
            None if name == DEFAULT_PROFILE => Table::default(),
            None => {
                let mut known: Vec<String> = file.profiles.into_keys().collect();
                known.push(DEFAULT_PROFILE.to_owned());
                known.sort();
                known.dedup();
                return Err(ConfigError::NoSuchProfile {
                    name,
                    origin,
                    known,
                });
            }
        };
        self.show("profile", &name, origin);
        let base_url = self.base_url(table.base_url)?;
        let key = self.key(table.key);
        let protected = self.pick("protected", table.protected, false);
        let max_batch = self.pick_limit("max_batch", table.max_batch, None);
        let concurrency = self.pick("concurrency", table.concurrency, DEFAULT_CONCURRENCY);
        let default_rate = is_real_host(&base_url).then_some(REAL_HOST_RATE);
        let rate = self.pick_limit("rate", table.rate, default_rate);
        let undo = self.seconds("undo_seconds", table.undo, DEFAULT_UNDO);
        let timeout = self.seconds("timeout_seconds", table.timeout, DEFAULT_TIMEOUT);
        let (not_found_codes, origin) = table
            .not_found_codes
            .map_or((Vec::new(), Origin::Default), Into::into);
        self.show("not_found_codes", not_found_codes.join(" "), origin);
        let allow_plain_http = self.pick("allow_plain_http", table.allow_plain_http, false);
        let (quota, origin) = table
            .quota
            .map_or((Some(domain::QUOTA), Origin::Default), Into::into);
        self.shown.push(Shown {
            name: "quota",
            value: quota.map(size_text),
            origin,
        });
        Ok(Profile {
            name,
            base_url,
            key,
            protected,
            max_batch,
            concurrency,
            rate,
            undo,
            timeout,
            not_found_codes,
            allow_plain_http,
            quota,
        })
    }

    fn base_url(&mut self, from_file: Option<Placed<Url>>) -> Result<Url, ConfigError> {
        let given = match (&self.overrides.base_url, self.env.var("ARK_BASE_URL")) {
            (Some(text), _) => Some((text.clone(), Origin::Flag("--base-url"))),
            (None, Some(text)) => Some((text.into_owned(), Origin::Env("ARK_BASE_URL"))),
            (None, None) => None,
        };
        let (url, origin) = match (given, from_file) {
            (Some((text, origin)), _) => match file::base_url(&text) {
                Ok(url) => (url, origin),
                Err(problem) => return Err(ConfigError::BaseUrl { origin, problem }),
            },
            (None, Some(url)) => url.into(),
            (None, None) => match file::base_url(DEFAULT_BASE_URL) {
                Ok(url) => (url, Origin::Default),
                Err(problem) => {
                    let origin = Origin::Default;
                    return Err(ConfigError::BaseUrl { origin, problem });
                }
            },
        };
        self.show("base_url", &url, origin);
        Ok(url)
    }

    fn key(&mut self, from_file: Option<Placed<file::Key>>) -> KeySource {
        let (key, origin) = from_file.map_or_else(
            || {
                let name = DEFAULT_KEY_ENV.to_owned();
                (file::Key::Env(name), Origin::Default)
            },
            Into::into,
        );
        match key {
            file::Key::Env(name) => {
                self.show("key_env", &name, origin);
                KeySource::from_env(name, self.env)
            }
            file::Key::Command(argv) => {
                // Not the arguments: somebody will have put the key itself there.
                let more = if argv.len() > 1 { " …" } else { "" };
                let program = argv.first().map_or("", String::as_str);
                self.show("key_command", format!("{program}{more}"), origin);
                KeySource::Command(argv)
            }
        }
    }

    fn pick<T: Clone + fmt::Display>(
        &mut self,
        name: &'static str,
        from_file: Option<Placed<T>>,
        default: T,
    ) -> T {
        let (value, origin) = from_file.map_or((default, Origin::Default), Into::into);
        self.show(name, value.clone(), origin);
        value
    }

    fn pick_limit<T: Copy + fmt::Display>(
        &mut self,
        name: &'static str,
        from_file: Option<Placed<Option<T>>>,
        default: Option<T>,
    ) -> Option<T> {
        let (value, origin) = from_file.map_or((default, Origin::Default), Into::into);
        let value: Option<T> = value;
        self.shown.push(Shown {
            name,
            value: value.map(|v| v.to_string()),
            origin,
        });
        value
    }

    fn seconds(
        &mut self,
        name: &'static str,
        from_file: Option<Placed<u64>>,
        default: Duration,
    ) -> Duration {
        Duration::from_secs(self.pick(name, from_file, default.as_secs()))
    }

    fn show(&mut self, name: &'static str, value: impl fmt::Display, origin: Origin) {
        self.shown.push(Shown {
            name,
            value: Some(value.to_string()),
            origin,
        });
    }
}

/// A host of the vendor's own, whose documented ceiling applies.
fn is_real_host(url: &Url) -> bool {
    let Some(Host::Domain(host)) = url.host() else {
        return false;
    };
    ["volces.com", "bytepluses.com"].iter().any(|domain| {
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
    })
}

/// A size as the config file takes it.
fn size_text(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1, "B")];
    let unit = UNITS.iter().find(|(scale, _)| bytes.is_multiple_of(*scale));
    unit.map_or_else(String::new, |(scale, unit)| {
        format!("{}{unit}", bytes / scale)
    })
}

/// A ceiling in requests a second, `Some(None)` for `unlimited`, `None` for anything else.
pub fn parse_rate(text: &str) -> Option<Option<f64>> {
    if text == "unlimited" {
        return Some(None);
    }
    let rate: f64 = text.parse().ok()?;
    (rate > 0.0 && rate <= 100_000.0).then_some(Some(rate))
}
