//! Which files are meant: paths, folders, patterns that no shell has expanded.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use crate::domain::Unreadable;

use super::name_of;

/// What `path` stands for: itself if there is such a file or folder, else what it matches as a pattern.
/// An error: nothing, or it cannot be read.
pub fn roots(path: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    match fs::metadata(path) {
        Ok(metadata) => {
            // Opening a pipe to see whether one can would end it.
            if metadata.is_file() {
                File::open(path)?;
            } else if metadata.is_dir() {
                fs::read_dir(path)?;
            }
            Ok(vec![path.to_owned()])
        }
        Err(error) if error.kind() == ErrorKind::NotFound => match path.to_str() {
            Some(pattern) if pattern.contains(['*', '?', '[']) => {
                let found =
                    glob::glob(pattern).map_err(|error| Unreadable::Other(error.to_string()))?;
                // What cannot be looked into is named when it is read.
                let found: Vec<PathBuf> = found
                    .map(|path| path.unwrap_or_else(|error| error.path().to_owned()))
                    .collect();
                if found.is_empty() {
                    Err(error.into())
                } else {
                    Ok(found)
                }
            }
            _ => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// A file, or why there is none, with what to call it.
type Walked = Result<PathBuf, (Arc<str>, Unreadable)>;

/// All files that `path` stands for.
pub(super) fn files(path: &Path, apart: Option<&Path>) -> Box<dyn Iterator<Item = Walked>> {
    let apart = apart.map(Path::to_owned);
    match roots(path) {
        Ok(roots) => Box::new(
            roots
                .into_iter()
                .flat_map(move |root| walk(&root, apart.as_deref())),
        ),
        Err(error) => Box::new(iter::once(Err((name_of(path), error)))),
    }
}

/// All files in a folder and the folders in it, but for the folder `apart`; or the file itself. Links
/// are followed, in circles only once; in folders what is no file is left out.
fn walk(root: &Path, apart: Option<&Path>) -> Box<dyn Iterator<Item = Walked>> {
    if !root.is_dir() {
        return Box::new(iter::once(Ok(root.to_owned())));
    }
    let apart = apart.map(Path::to_owned);
    let entries = WalkDir::new(root)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(move |entry| {
            let is_apart = |path: &Path| apart.is_some() && fs::canonicalize(path).ok() == apart;
            !(entry.file_type().is_dir() && is_apart(entry.path()))
        });
    Box::new(entries.filter_map(|entry| match entry {
        Ok(entry) => entry.file_type().is_file().then(|| Ok(entry.into_path())),
        Err(error) if error.loop_ancestor().is_some() => None,
        Err(error) => {
            let name = error.path().map(name_of).unwrap_or_default();
            let why = match error.into_io_error() {
                // A link to nothing, or a file that was taken away meanwhile.
                Some(cause) if cause.kind() == ErrorKind::NotFound => return None,
                Some(cause) => cause.into(),
                None => return None,
            };
            Some(Err((name, why)))
        }
    }))
}

/// The path that somebody typed or dropped: quotes around it and `~` are the shell's.
pub fn expand(text: &str, home: Option<&Path>) -> PathBuf {
    let text = text.trim();
    let bare = ['\'', '"']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text);
    match (bare.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => bare.into(),
    }
}

/// The files that somebody named in one line: a path as it stands; or several, with quotes or `\` where they
/// have spaces, and patterns. `Err`: what cannot be read, and why.
pub fn chosen(text: &str, home: Option<&Path>) -> Result<Vec<PathBuf>, (String, Unreadable)> {
    let whole = expand(text, home);
    if whole.is_file() {
        return Ok(vec![whole]);
    }
    let mut files = Vec::new();
    for (_, word) in words(text) {
        let path = expand(&word, home);
        let found = roots(&path).map_err(|error| (word, error))?;
        // Only who names a folder means it.
        let is_meant = |file: &PathBuf| *file == path || !file.is_dir();
        files.extend(found.into_iter().filter(is_meant));
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

/// The words of a line as a shell would take them apart, each with where it begins.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut quote = None;
    let mut is_inside = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            is_inside = false;
            continue;
        }
        if !is_inside {
            is_inside = true;
            words.push((at, String::new()));
        }
        let Some((_, word)) = words.last_mut() else {
            continue;
        };
        match c {
            '\\' if quote != Some('\'') => word.extend(chars.next().map(|(_, c)| c)),
            _ if quote == Some(c) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(c),
            c => word.push(c),
        }
    }
    words
}

/// The same as `complete` for the last path of a line, where the whole line is none.
pub fn complete_last(text: &str, home: Option<&Path>) -> (String, Vec<String>) {
    let (whole, names) = complete(text, home);
    let words = words(text);
    let Some((start, word)) = words.last().filter(|_| names.is_empty()) else {
        return (whole, names);
    };
    let is_open = !text.ends_with(char::is_whitespace);
    let (longer, names) = complete(word, home);
    if names.is_empty() || !is_open {
        return (whole, names);
    }
    let mut line = text[..*start].to_owned();
    for c in longer.chars() {
        if c.is_whitespace() || matches!(c, '\'' | '"' | '\\') {
            line.push('\\');
        }
        line.push(c);
    }
    (line, names)
}

/// What the end of a path may be completed to, and how far all that agree do: the text to go on with,
/// and the names to choose from.
fn complete(text: &str, home: Option<&Path>) -> (String, Vec<String>) {
    let (folder, start) = text.rsplit_once('/').map_or(("", text), |(folder, start)| {
        (&text[..=folder.len()], start)
    });
    let place = if folder.is_empty() {
        PathBuf::from(".")
    } else {
        expand(folder, home)
    };
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_str()?.to_owned();
            let is_hidden = name.starts_with('.') && !start.starts_with('.');
            let fits = name.starts_with(start) && !is_hidden;
            let slash = if entry.path().is_dir() { "/" } else { "" };
            fits.then(|| name + slash)
        })
        .collect();
    names.sort_unstable();
    let common = names.iter().fold(names.first().cloned(), |common, name| {
        let common = common?;
        let agree = common.chars().zip(name.chars());
        let agree = agree.take_while(|(a, b)| a == b).map(|(a, _)| a);
        Some(agree.collect())
    });
    let text = common.map_or_else(|| text.to_owned(), |common| format!("{folder}{common}"));
    (text, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.pdf", "b.pdf", "demo film.mp4"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("dir.pdf")).unwrap();
        folder
    }

    fn names(text: &str, home: &Path) -> Result<Vec<String>, String> {
        let files = chosen(text, Some(home)).map_err(|(name, _)| name)?;
        let names = files.iter().map(|file| file.strip_prefix(home).unwrap());
        Ok(names
            .map(|name| name.to_str().unwrap().to_owned())
            .collect())
    }

    #[test]
    fn a_line_names_one_file_or_several() {
        let folder = folder();
        let home = folder.path();
        let is = |text: &str, expected: &[&str]| {
            let expected = expected.iter().map(ToString::to_string).collect();
            assert_eq!(names(text, home), Ok(expected), "{text}");
        };
        is("~/demo film.mp4", &["demo film.mp4"]);
        is("'~/demo film.mp4'", &["demo film.mp4"]);
        is(r"~/demo\ film.mp4 ~/a.pdf", &["demo film.mp4", "a.pdf"]);
        is(" \"~/a.pdf\"  '~/b.pdf' ~/a.pdf", &["a.pdf", "b.pdf"]);
        is("~/*.pdf", &["a.pdf", "b.pdf"]);
        is("~/dir.pdf", &["dir.pdf"]);
        is("", &[]);
        assert_eq!(names("~/a.pdf ~/none.pdf", home), Err("~/none.pdf".into()));
        assert_eq!(names("~/*.gz", home), Err("~/*.gz".into()));
    }

    #[test]
    fn the_last_path_of_a_line_is_completed() {
        let folder = folder();
        let done = |text: &str| complete_last(text, Some(folder.path())).0;
        assert_eq!(done("~/demo f"), "~/demo film.mp4");
        assert_eq!(done("~/a.pdf ~/de"), r"~/a.pdf ~/demo\ film.mp4");
        assert_eq!(done(r"~/a.pdf ~/demo\ f"), r"~/a.pdf ~/demo\ film.mp4");
        assert_eq!(done("~/a.pdf ~/none"), "~/a.pdf ~/none");
        assert_eq!(done("~/a.pdf "), "~/a.pdf ");
    }
}
