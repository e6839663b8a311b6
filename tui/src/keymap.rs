//! The keys: one table from which key handling, footer, help and documentation come.

mod condition;
mod key;

pub(crate) use condition::Condition;
pub(crate) use key::Key;
#[cfg(test)]
pub(crate) use key::parse;

use crate::app::App;

/// What the keyboard is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Sites,
    Tasks,
    Task,
    /// Help or explanation, over another screen.
    Popup,
    /// Typing a filter.
    Filter,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Open,
    Filter,
    SortLeft,
    SortRight,
    Invert,
    Switch,
    ShowSites,
    ShowTasks,
    Explain,
    Freeze,
    Reconnect,
    Back,
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Help,
    Quit,
    QuitKeepingFrame,
    Suspend,
    Repaint,
    AcceptFilter,
    CancelFilter,
    EraseLeft,
    EraseRight,
    EraseWord,
    EraseAll,
    CursorLeft,
    CursorRight,
    CursorHome,
    CursorEnd,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    pub action: Action,
    /// Sequences of keys, each of which does it; the footer names the first.
    pub keys: &'static [&'static [Key]],
    pub modes: &'static [Mode],
    /// One or two words, for the footer.
    pub label: &'static str,
    /// A line, for the help.
    pub help: &'static str,
    /// Its rank in the footer, the smallest kept longest; 0: not in the footer.
    pub footer: u8,
    pub condition: Condition,
}

const LISTS: &[Mode] = &[Mode::Sites, Mode::Tasks];
const SCREENS: &[Mode] = &[Mode::Sites, Mode::Tasks, Mode::Task];
const ANY: &[Mode] = &[Mode::Sites, Mode::Tasks, Mode::Task, Mode::Popup];
const TYPING: &[Mode] = &[Mode::Filter];

const fn bind(
    action: Action,
    keys: &'static [&'static [Key]],
    modes: &'static [Mode],
    label: &'static str,
    help: &'static str,
) -> Binding {
    Binding { action, keys, modes, label, help, footer: 0, condition: Condition::Always }
}

impl Binding {
    const fn footer(mut self, rank: u8) -> Self {
        self.footer = rank;
        self
    }

    const fn when(mut self, condition: Condition) -> Self {
        self.condition = condition;
        self
    }
}

/// All of them, in the order of footer and help.
#[rustfmt::skip]
pub(crate) const BINDINGS: &[Binding] = {
    use Action::{AcceptFilter, Back, Bottom, CancelFilter, CursorEnd, CursorHome, CursorLeft, CursorRight,
        Down, EraseAll, EraseLeft, EraseRight, EraseWord, Explain, Filter, Freeze, Help, Invert, Open, PageDown,
        PageUp, Quit, QuitKeepingFrame, Reconnect, Repaint, ShowSites, ShowTasks, SortLeft, SortRight, Suspend,
        Switch, Top, Up};
    use Key::{Backspace, Char, Ctrl, Delete, End, Enter, Esc, F, Home, Left, Right, Tab};
    &[
        bind(Open, &[&[Enter]], LISTS, "open", "open the selected row: a site's tasks, a task")
            .footer(2).when(Condition::RowSelected),
        bind(Filter, &[&[Char('/')]], LISTS, "filter", "filter the rows: cache, state=parked parked>5m, -waits:timer")
            .footer(4),
        bind(SortRight, &[&[Char('l')], &[Right]], LISTS, "sort", "sort by the next column").footer(7),
        bind(SortLeft, &[&[Char('h')], &[Left]], LISTS, "sort back", "sort by the previous column"),
        bind(Invert, &[&[Char('i')]], LISTS, "invert", "invert the order").footer(10),
        bind(Switch, &[&[Tab]], LISTS, "sites/tasks", "switch between all sites and all tasks").footer(6),
        bind(ShowSites, &[&[Char('1')]], SCREENS, "sites", "show all sites"),
        bind(ShowTasks, &[&[Char('2')], &[Char('t')]], SCREENS, "tasks", "show all tasks"),
        bind(Freeze, &[&[Char(' ')]], SCREENS, "freeze", "freeze or thaw this view; data keeps arriving behind it")
            .footer(8),
        bind(Explain, &[&[Char('e')]], SCREENS, "explain", "explain the finding: evidence, rule, fix")
            .footer(3).when(Condition::FindingSelected),
        bind(Reconnect, &[&[Char('R')]], SCREENS, "reconnect", "reconnect now, without waiting")
            .footer(1).when(Condition::Disconnected),
        bind(Down, &[&[Char('j')], &[Key::Down]], ANY, "down", "move down"),
        bind(Up, &[&[Char('k')], &[Key::Up]], ANY, "up", "move up"),
        bind(PageDown, &[&[Key::PageDown], &[Ctrl('f')]], ANY, "page down", "move a page down"),
        bind(PageUp, &[&[Key::PageUp], &[Ctrl('b')]], ANY, "page up", "move a page up"),
        bind(Top, &[&[Char('g'), Char('g')], &[Home]], ANY, "top", "move to the top"),
        bind(Bottom, &[&[Char('G')], &[End]], ANY, "bottom", "move to the bottom"),
        bind(Back, &[&[Esc]], ANY, "back", "undo one step: popup, filter, screen, selection")
            .footer(5).when(Condition::SomethingToUndo),
        bind(Help, &[&[Char('?')], &[F(1)]], ANY, "help", "show or hide the keys").footer(1),
        bind(Quit, &[&[Char('q')], &[Ctrl('c')], &[Ctrl('d')]], ANY, "quit", "quit; q closes a popup first").footer(9),
        bind(QuitKeepingFrame, &[&[Char('Q')]], ANY, "quit, keep", "quit and leave this screen in the scrollback"),
        bind(Suspend, &[&[Ctrl('z')]], ANY, "suspend", "suspend; fg brings it back"),
        bind(Repaint, &[&[Ctrl('l')]], ANY, "redraw", "paint the screen again"),
        bind(AcceptFilter, &[&[Enter]], TYPING, "keep", "keep the filter").footer(1),
        bind(CancelFilter, &[&[Esc]], TYPING, "cancel", "go back to the filter from before").footer(2),
        bind(EraseLeft, &[&[Backspace]], TYPING, "erase", "erase the letter before the cursor"),
        bind(EraseRight, &[&[Delete]], TYPING, "erase right", "erase the letter under the cursor"),
        bind(EraseWord, &[&[Ctrl('w')]], TYPING, "erase word", "erase the word before the cursor").footer(4),
        bind(EraseAll, &[&[Ctrl('u')]], TYPING, "clear", "erase everything").footer(3),
        bind(CursorLeft, &[&[Left]], TYPING, "left", "move the cursor left"),
        bind(CursorRight, &[&[Right]], TYPING, "right", "move the cursor right"),
        bind(CursorHome, &[&[Home], &[Ctrl('a')]], TYPING, "start", "move the cursor to the start"),
        bind(CursorEnd, &[&[End], &[Ctrl('e')]], TYPING, "end", "move the cursor to the end"),
        bind(Quit, &[&[Ctrl('c')], &[Ctrl('d')]], TYPING, "quit", "quit"),
        bind(Suspend, &[&[Ctrl('z')]], TYPING, "suspend", "suspend; fg brings it back"),
    ]
};

/// What a key, pressed after `pending`, leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lookup {
    /// It completes this binding.
    Bound(&'static Binding),
    /// It begins a sequence.
    Begins,
    /// It means nothing here.
    Unbound,
}

/// Looks a key up.
pub(crate) fn lookup(mode: Mode, pending: Option<Key>, key: Key) -> Lookup {
    let here = BINDINGS.iter().filter(|binding| binding.modes.contains(&mode));
    let mut begins = false;
    for binding in here {
        for sequence in binding.keys {
            match (pending, *sequence) {
                (None, [only]) if *only == key => return Lookup::Bound(binding),
                (Some(first), [one, two]) if *one == first && *two == key => {
                    return Lookup::Bound(binding);
                }
                (None, [first, _]) if *first == key => begins = true,
                _ => {}
            }
        }
    }
    if begins { Lookup::Begins } else { Lookup::Unbound }
}

/// The bindings of a mode, each with the reason why it does nothing now, if it does not.
pub(crate) fn in_mode(
    mode: Mode,
    app: &App,
) -> impl Iterator<Item = (&'static Binding, Option<&'static str>)> {
    BINDINGS
        .iter()
        .filter(move |binding| binding.modes.contains(&mode))
        .map(|binding| (binding, binding.condition.unmet(app)))
}

/// A sequence of keys as text: `gg`, `PgDn`.
pub(crate) fn spell(sequence: &[Key]) -> String {
    sequence.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const MODES: [Mode; 5] = [Mode::Sites, Mode::Tasks, Mode::Task, Mode::Popup, Mode::Filter];

    #[test]
    fn no_key_means_two_things_in_one_mode() {
        for mode in MODES {
            let mut seen = HashSet::new();
            for binding in BINDINGS.iter().filter(|binding| binding.modes.contains(&mode)) {
                for sequence in binding.keys {
                    assert!(seen.insert(*sequence), "{} twice in {mode:?}", spell(sequence));
                    if sequence.len() == 2 {
                        assert!(
                            !seen.contains(&sequence[..1]),
                            "{} is hidden in {mode:?}",
                            spell(sequence)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_binding_can_be_reached_and_says_what_it_does() {
        for binding in BINDINGS {
            assert!(!binding.keys.is_empty() && !binding.modes.is_empty(), "{binding:?}");
            assert!(!binding.label.is_empty() && !binding.help.is_empty(), "{binding:?}");
            for (mode, sequence) in binding
                .modes
                .iter()
                .flat_map(|mode| binding.keys.iter().map(move |keys| (*mode, *keys)))
            {
                let found = match sequence {
                    [only] => lookup(mode, None, *only),
                    [first, second] => {
                        assert!(matches!(lookup(mode, None, *first), Lookup::Begins));
                        lookup(mode, Some(*first), *second)
                    }
                    _ => panic!("sequences have one or two keys: {binding:?}"),
                };
                assert!(
                    matches!(found, Lookup::Bound(bound) if bound.action == binding.action),
                    "{binding:?}"
                );
            }
        }
    }

    #[test]
    fn a_key_means_the_same_on_every_screen() {
        let mut meanings = std::collections::HashMap::new();
        for binding in BINDINGS.iter().filter(|binding| !binding.modes.contains(&Mode::Filter)) {
            for sequence in binding.keys {
                let meaning = *meanings.entry(*sequence).or_insert(binding.action);
                assert_eq!(meaning, binding.action, "{}", spell(sequence));
            }
        }
    }

    #[test]
    fn the_footer_has_an_order() {
        for mode in MODES {
            let mut ranks = HashSet::new();
            let shown = BINDINGS
                .iter()
                .filter(|binding| binding.modes.contains(&mode) && binding.footer > 0);
            let clash: Vec<_> = shown
                .filter(|binding| !matches!(binding.action, Action::Reconnect))
                .filter(|binding| !ranks.insert(binding.footer))
                .collect();
            assert!(clash.is_empty(), "{mode:?}: {clash:?}");
        }
    }
}
