//! One table: key -> action -> footer, help, palette and README.
//!
//! Adding a key is adding a line to [`TABLE`]. Dispatch, the footer's hints, the help page, the palette and
//! the README's table are all read from it; a chord that stands twice in one context is an error.

mod chord;

use std::collections::{BTreeMap, HashMap};

use crate::app::{About, Action, App, Context, Form, Mode, Motion, Offer};
use crate::domain::Kind;
use crate::locale::Catalogue;

pub use chord::{Chord, ChordError};

/// A line of the table.
#[derive(Debug)]
pub struct Binding {
    pub action: Action,
    /// What the config file calls it.
    pub name: &'static str,
    pub contexts: &'static [Context],
    pub chords: &'static [&'static str],
    /// The catalogue's key of a word or two for the footer; also the help page's text.
    pub hint: &'static str,
    /// Its place in the footer, from 1; hints with high numbers go first when there is no room.
    /// 0: help page only.
    pub footer: u8,
}

impl Binding {
    /// The catalogue's key of what it does as things are.
    pub fn hint_now(&self, app: &App) -> &'static str {
        // How much room to free is one line, and a choice.
        let is_freeing = |form: &Form| matches!(form.about, About::Free { .. });
        match (self.action, &app.mode) {
            (Action::Pause, _) if app.queue.paused => "key-resume",
            // Files are mirrored as a whole; the service lists them.
            (Action::Refresh, Mode::Browse) if app.pane == Kind::File => "key-sync",
            (Action::Switch, Mode::Form(form)) if is_freeing(form) => "key-switch-first",
            _ => self.hint,
        }
    }
}

macro_rules! bindings {
    ($($action:ident $(($motion:ident))? $name:literal [$($context:ident)+] [$($chord:literal)+] $hint:literal $footer:literal)*) => {
        &[$(Binding {
            action: Action::$action $((Motion::$motion))?,
            name: $name,
            contexts: &[$(Context::$context),+],
            chords: &[$($chord),+],
            hint: $hint,
            footer: $footer,
        }),*]
    };
}

/// Every key there is, in the order of the help page.
#[rustfmt::skip]
pub const TABLE: &[Binding] = bindings![
    // action    name         contexts                            chords                    hint              footer
    Move(Down)   "down"       [Pane Queue Details Help Confirm]        ["j" "down"]              "key-down"        0
    Move(Up)     "up"         [Pane Queue Details Help Confirm]        ["k" "up"]                "key-up"          0
    Move(Top)    "top"        [Pane Queue Details Help Confirm]        ["g" "home"]              "key-top"         0
    Move(Bottom) "bottom"     [Pane Queue Details Help Confirm]        ["G" "end"]               "key-bottom"      0
    Move(HalfDown) "half-down"  [Pane Queue Details Help Confirm]        ["ctrl-d"]                "key-half-down"   0
    Move(HalfUp) "half-up"    [Pane Queue Details Help Confirm]        ["ctrl-u"]                "key-half-up"     0
    Move(PageDown) "page-down"  [Pane Queue Details Help Confirm ConfirmTyped Palette] ["pagedown"]        "key-page-down"   0
    Move(PageUp) "page-up"    [Pane Queue Details Help Confirm ConfirmTyped Palette] ["pageup"]          "key-page-up"     0
    Move(Down)   "list-down"  [ConfirmTyped Filter Palette]       ["down"]                  "key-down"        0
    Move(Up)     "list-up"    [ConfirmTyped Filter Palette]       ["up"]                    "key-up"          0
    NextPane     "next-pane"  [Pane Queue]                        ["tab"]                   "key-next-pane"   8
    Responses    "responses"  [Pane Queue]                        ["1"]                     "key-responses"   0
    Files        "files"      [Pane Queue]                        ["2"]                     "key-files"       0
    Queue        "queue"      [Pane Queue]                        ["3"]                     "key-queue"       0
    Delete       "delete"     [Pane]                              ["d" "del"]               "key-delete"      1
    TakeBack     "take-back"  [Pane Queue]                        ["z"]                     "key-take-back"   1
    Mark         "mark"       [Pane]                              ["space"]                 "key-mark"        4
    Range        "range"      [Pane]                              ["v"]                     "key-range"       0
    MarkAll      "mark-all"   [Pane]                              ["a"]                     "key-mark-all"    0
    Invert       "invert"     [Pane]                              ["*"]                     "key-invert"      0
    Chains       "chains"     [Pane]                              ["t"]                     "key-chains"      0
    MarkChain    "mark-chain" [Pane]                              ["T"]                     "key-mark-chain"  0
    Unfold       "unfold"     [Pane]                              ["l" "right"]             "key-unfold"      0
    Fold         "fold"       [Pane]                              ["h" "left"]              "key-fold"        0
    Protect      "protect"    [Pane]                              ["P"]                     "key-protect"     0
    Label        "label"      [Pane]                              ["e"]                     "key-label"       0
    Upload       "upload"     [Pane]                              ["u"]                     "key-upload"      7
    Free         "free"       [Pane]                              ["f"]                     "key-free"        8
    Unmark       "unmark"     [Pane]                              ["U"]                     "key-unmark"      10
    Filter       "filter"     [Pane Queue]                        ["/"]                     "key-filter"      5
    Filter       "search"     [Details]                           ["/"]                     "key-search"      3
    NextHit      "next-hit"   [Details]                           ["n"]                     "key-next-hit"    4
    PreviousHit  "previous-hit" [Details]                         ["N"]                     "key-previous-hit" 0
    PreviousTurn "previous-turn" [Details]                        ["h" "left"]              "key-previous-turn" 5
    NextTurn     "next-turn"  [Details]                           ["l" "right"]             "key-next-turn"   6
    NextBranch   "next-branch" [Details]                          ["b"]                     "key-next-branch" 7
    Add          "add"        [Pane Queue]                        ["n"]                     "key-add"         6
    Import       "import"     [Pane Queue]                        ["i"]                     "key-import"      10
    Refresh      "refresh"    [Pane Details]                      ["r"]                     "key-refresh"     7
    Details      "details"    [Pane Queue]                        ["enter"]                 "key-details"     9
    Sort         "sort"       [Pane]                              ["s"]                     "key-sort"        0
    Reverse      "reverse"    [Pane]                              ["S"]                     "key-reverse"     0
    Tombstones   "tombstones" [Pane]                              ["H"]                     "key-tombstones"  0
    Copy         "copy"       [Pane Details]                      ["c"]                     "key-copy"        0
    CopyCurl     "copy-curl"  [Pane Details]                      ["C"]                     "key-copy-curl"   0
    Settle       "settle"     [Pane]                              ["R"]                     "key-settle"      2
    Retry        "retry"      [Queue]                             ["R"]                     "key-retry"       2
    History      "history"    [Queue]                             ["h"]                     "key-history"     3
    Pause        "pause"      [Pane Queue]                        ["p"]                     "key-pause"       3
    Stop         "stop"       [Pane Queue]                        ["x"]                     "key-stop"        3
    Mark         "strike"     [Confirm ConfirmTyped]              ["space"]                 "key-strike"      4
    Yes          "yes"        [Confirm]                           ["y"]                     "key-yes"         1
    No           "no"         [Confirm]                           ["n" "esc" "q" "ctrl-c"]  "key-no"          2
    Yes          "stop-and-quit" [Quit]                           ["y" "ctrl-c"]            "key-stop-and-quit" 1
    No           "stay"       [Quit]                              ["n" "esc" "q"]           "key-stay"        2
    Yes          "leave-now"  [Leaving]                           ["q" "ctrl-c"]            "key-quit-now"    1
    No           "back"       [Pane Queue]                        ["esc"]                   "key-back"        11
    No           "cancel"     [Filter Search Add Form FormPath Import ConfirmTyped Palette] ["esc" "ctrl-c"] "key-cancel"      2
    No           "close"      [Details Help]                           ["esc" "q" "enter" "ctrl-c"] "key-close"    1
    Press        "press"      [Confirm ConfirmTyped Quit]         ["enter"]                 "key-press"       3
    Press        "keep-filter" [Filter]                           ["enter"]                 "key-keep-filter" 1
    Complete     "complete"   [Filter]                            ["tab"]                   "key-complete"    2
    Complete     "complete-path" [Import FormPath]                ["tab"]                   "key-complete-path" 3
    Earlier      "earlier"    [Filter]                            ["ctrl-p"]                "key-earlier"     3
    Later        "later"      [Filter]                            ["ctrl-n"]                "key-later"       4
    Press        "keep-search" [Search]                           ["enter"]                 "key-keep-search" 1
    Press        "take-ids"   [Add]                               ["enter"]                 "key-take-ids"    1
    Press        "take-form"  [Form FormPath]                     ["enter"]                 "key-take-form"   1
    Press        "take-path"  [Import]                            ["enter"]                 "key-take-path"   1
    Press        "run"        [Palette]                           ["enter"]                 "key-run"         1
    Switch       "switch"     [Confirm Quit]                      ["tab" "left" "right"]    "key-switch"      4
    Switch       "switch-kind" [Add]                              ["tab"]                   "key-switch-kind" 4
    Switch       "switch-line" [Form]                             ["tab" "down" "up"]       "key-switch-line" 4
    Switch       "next-line"  [FormPath]                          ["down" "up"]             "key-switch-line" 4
    Switch       "next-page"  [Details]                           ["tab"]                   "key-next-page"   2
    Help         "help"       [Pane Queue]                        ["?"]                     "key-help"        2
    Palette      "palette"    [Pane Queue Details]                [":"]                     "key-palette"     0
    Quit         "quit"       [Pane Queue]                        ["q" "ctrl-c"]            "key-quit"        3
    Suspend      "suspend"    [Pane Queue Details Help Confirm ConfirmTyped Filter Search Add Form FormPath Import Palette Quit Leaving] ["ctrl-z"] "key-suspend" 0
];

/// Why the keys of the config file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    #[error("there is no action {0:?}")]
    UnknownAction(String),
    #[error("{action}: {chord:?} is not a key: {error}")]
    BadChord {
        action: String,
        chord: String,
        error: ChordError,
    },
    #[error("{chord} means both {first} and {second}")]
    Clash {
        chord: String,
        first: String,
        second: String,
    },
    #[error("{0} has to keep a key")]
    NoChord(String),
}

/// The table with the user's changes, ready for look-up.
#[derive(Debug)]
pub struct Keymap {
    actions: HashMap<(Context, Chord), Action>,
    /// For each line of [`TABLE`], its chords.
    chords: Vec<Vec<Chord>>,
}

impl Keymap {
    /// `remaps` gives actions by name other chords; they replace the action's own.
    pub fn new(remaps: &BTreeMap<String, Vec<String>>) -> Result<Self, KeysError> {
        if let Some(name) = remaps.keys().find(|n| TABLE.iter().all(|b| b.name != **n)) {
            return Err(KeysError::UnknownAction(name.clone()));
        }
        let mut owners: HashMap<(Context, Chord), &Binding> = HashMap::new();
        let mut chords = Vec::with_capacity(TABLE.len());
        for binding in TABLE {
            let texts: Vec<&str> = match remaps.get(binding.name) {
                Some(own) => own.iter().map(String::as_str).collect(),
                None => binding.chords.to_vec(),
            };
            if texts.is_empty() {
                return Err(KeysError::NoChord(binding.name.to_owned()));
            }
            let mut parsed = Vec::with_capacity(texts.len());
            for text in texts {
                let chord: Chord = text.parse().map_err(|error| KeysError::BadChord {
                    action: binding.name.to_owned(),
                    chord: text.to_owned(),
                    error,
                })?;
                for context in binding.contexts {
                    if let Some(other) = owners.insert((*context, chord), binding) {
                        return Err(KeysError::Clash {
                            chord: chord.to_string(),
                            first: other.name.to_owned(),
                            second: binding.name.to_owned(),
                        });
                    }
                }
                parsed.push(chord);
            }
            chords.push(parsed);
        }
        let actions = owners.into_iter().map(|(at, b)| (at, b.action)).collect();
        Ok(Self { actions, chords })
    }

    pub fn action(&self, context: Context, chord: Chord) -> Option<Action> {
        self.actions.get(&(context, chord)).copied()
    }

    /// The lines of the table that apply in a context, with their chords, in table order.
    pub fn of(&self, context: Context) -> impl Iterator<Item = (&'static Binding, &[Chord])> {
        TABLE
            .iter()
            .zip(&self.chords)
            .filter(move |(b, _)| b.contexts.contains(&context))
            .map(|(b, chords)| (b, chords.as_slice()))
    }

    /// All that can be done as things are, for the palette; what only moves comes last.
    pub fn offers(&self, app: &App, words: &Catalogue) -> Vec<Offer> {
        let of_use =
            |binding: &Binding| binding.action != Action::Palette && app.allows(binding.action);
        let offers = self
            .of(app.context())
            .filter(|(binding, _)| of_use(binding));
        let mut offers: Vec<Offer> = offers
            .map(|(binding, chords)| {
                let keys: Vec<String> = chords.iter().map(ToString::to_string).collect();
                Offer {
                    action: binding.action,
                    name: binding.name,
                    keys: keys.join(" "),
                    words: words.text(binding.hint_now(app)).into_owned(),
                }
            })
            .collect();
        offers.sort_by_key(|offer| matches!(offer.action, Action::Move(_)));
        offers
    }

    /// Every line with its chords.
    pub fn all(&self) -> impl Iterator<Item = (&'static Binding, &[Chord])> {
        TABLE
            .iter()
            .zip(&self.chords)
            .map(|(b, chords)| (b, chords.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixtures::{app_with, resources, session};
    use crate::app::{Message, update};
    use crate::domain::Lang;

    fn remap(name: &str, chords: &[&str]) -> BTreeMap<String, Vec<String>> {
        let chords = chords.iter().map(|c| (*c).to_owned()).collect();
        BTreeMap::from([(name.to_owned(), chords)])
    }

    #[test]
    fn the_table_has_no_clash_and_every_name_once() {
        Keymap::new(&BTreeMap::new()).unwrap();
        for (i, binding) in TABLE.iter().enumerate() {
            let twin = TABLE[i + 1..].iter().find(|b| b.name == binding.name);
            assert!(twin.is_none(), "{} stands twice", binding.name);
        }
    }

    #[test]
    fn ctrl_d_only_ever_scrolls_and_enter_never_deletes_from_a_pane() {
        let keys = Keymap::new(&BTreeMap::new()).unwrap();
        let ctrl_d = "ctrl-d".parse().unwrap();
        for context in [Context::Pane, Context::Queue, Context::Confirm] {
            assert_eq!(
                keys.action(context, ctrl_d),
                Some(Action::Move(Motion::HalfDown))
            );
        }
        for context in [Context::ConfirmTyped, Context::Filter, Context::Add] {
            assert_eq!(keys.action(context, ctrl_d), None);
        }
        let enter = "enter".parse().unwrap();
        assert_eq!(keys.action(Context::Pane, enter), Some(Action::Details));
    }

    #[test]
    fn the_palette_offers_what_can_be_done_by_the_keys_there_are() {
        let keys = Keymap::new(&remap("delete", &["X"])).unwrap();
        let words = Catalogue::new(Lang::En);
        let rows = resources();
        let offers = |app: &App| keys.offers(app, &words);
        let app = app_with(session(), &rows, 80, 24);
        let some = offers(&app);
        let delete = some.iter().find(|it| it.action == Action::Delete).unwrap();
        assert_eq!(
            (delete.name, &*delete.keys, &*delete.words),
            ("delete", "X", "delete")
        );
        for offer in &some {
            assert!(app.allows(offer.action), "{offer:?}");
            let chord = offer.keys.split(' ').next();
            assert!(chord.is_some_and(|chord| !chord.is_empty()));
        }
        let has = |offers: &[Offer], action| offers.iter().any(|it| it.action == action);
        assert!(!has(&some, Action::Palette) && !has(&some, Action::Upload));
        assert!(matches!(some.last().unwrap().action, Action::Move(_)));
        let empty = app_with(session(), &[], 80, 24);
        assert!(!has(&offers(&empty), Action::Delete));
    }

    #[test]
    fn refreshing_the_files_is_offered_as_the_sync_it_is() {
        let keys = Keymap::new(&BTreeMap::new()).unwrap();
        let mut app = app_with(session(), &resources(), 80, 24);
        for (focus, en, zh) in [
            (Action::Responses, "refresh", "刷新"),
            (Action::Files, "sync", "同步"),
        ] {
            update(&mut app, Message::Act(focus));
            for (lang, wanted) in [(Lang::En, en), (Lang::ZhCn, zh)] {
                let offers = keys.offers(&app, &Catalogue::new(lang));
                let offer = offers.iter().find(|it| it.action == Action::Refresh);
                let offer = offer.unwrap();
                assert_eq!((offer.words.as_str(), offer.name), (wanted, "refresh"));
            }
        }
    }

    #[test]
    fn remaps_replace_and_clashes_are_named() {
        let keys = Keymap::new(&remap("delete", &["X"])).unwrap();
        let at = |chord: &str| keys.action(Context::Pane, chord.parse().unwrap());
        assert_eq!(at("X"), Some(Action::Delete));
        assert_eq!(at("d"), None);
        assert_eq!(
            Keymap::new(&remap("delete", &["j"])).unwrap_err(),
            KeysError::Clash {
                chord: "j".into(),
                first: "down".into(),
                second: "delete".into(),
            }
        );
        assert_eq!(
            Keymap::new(&remap("destroy", &["j"])).unwrap_err(),
            KeysError::UnknownAction("destroy".into())
        );
        assert!(matches!(
            Keymap::new(&remap("delete", &["hyper-x"])),
            Err(KeysError::BadChord { .. })
        ));
        assert_eq!(
            Keymap::new(&remap("quit", &[])).unwrap_err(),
            KeysError::NoChord("quit".into())
        );
    }
}
