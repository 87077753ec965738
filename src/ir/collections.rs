//! Collections: the names by which those of a language are filled and emptied.

use crate::source::Language;

/// The names of one language.
#[derive(Debug)]
pub struct Collections {
    /// Classes of keyed collections, which are made by `new`; what functions make, the catalogue says.
    pub keyed: &'static [&'static str],
    /// Methods that put an entry in.
    pub filling: &'static [&'static str],
    /// Methods that take entries out.
    pub emptying: &'static [&'static str],
    /// Functions that take what is in the place they are given: `mem::take(&mut map)`.
    pub taking: &'static [&'static str],
    /// Methods that put what they are given in the place of what was there.
    pub replacing: &'static [&'static str],
    /// Methods that change nothing, where a method of another name may do anything.
    pub reading: &'static [&'static str],
}

const SCRIPT: Collections = Collections {
    keyed: &["Map", "Set", "WeakMap", "WeakSet"],
    filling: &["set", "add", "push", "unshift"],
    emptying: &["delete", "clear", "pop", "shift", "splice"],
    taking: &[],
    replacing: &[],
    reading: &[],
};

#[rustfmt::skip]
const RUST: Collections = Collections {
    keyed: &[],
    filling: &["insert", "entry", "insert_full", "spawn", "spawn_on", "spawn_blocking"],
    emptying: &[
        "remove", "remove_entry", "remove_if", "remove_if_mut", "clear", "retain", "drain", "pop", "pop_first",
        "pop_last", "pop_front", "pop_back", "truncate", "take", "swap_remove", "swap_remove_entry", "shift_remove",
        "shift_remove_entry", "swap_take", "shift_take", "split_off", "extract_if", "append", "first_entry",
        "last_entry", "join_next", "try_join_next", "join_next_with_id", "try_join_next_with_id", "join_all",
        "shutdown", "abort_all", "detach_all", "into_iter", "into_keys", "into_values", "swap", "replace",
    ],
    taking: &["take", "replace", "swap"],
    replacing: &["store", "swap", "replace", "send_replace"],
    reading: &[
        "get", "get_key_value", "get_mut", "contains", "contains_key", "iter", "iter_mut", "keys", "values",
        "values_mut", "len", "is_empty", "reserve", "capacity", "range", "first", "last", "first_key_value",
        "last_key_value", "deref", "deref_mut", "view", "get_or_init", "get_index", "get_full", "get_index_of",
        "union", "intersection", "difference", "is_subset", "is_superset",
    ],
};

impl Collections {
    /// The names of a language.
    #[must_use]
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::Rust => &RUST,
            _ => &SCRIPT,
        }
    }

    /// Whether a method of this name puts an entry into a collection.
    #[must_use]
    pub fn fills(&self, name: &str) -> bool {
        self.filling.contains(&name)
    }

    /// Whether a function of this name takes what is in the place it is given.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.taking.contains(&name)
    }

    /// Whether a method of this name puts what it is given in the place of what was there.
    #[must_use]
    pub fn replaces(&self, name: &str) -> bool {
        self.replacing.contains(&name)
    }

    /// Whether a method of this name takes entries out of a collection.
    #[must_use]
    pub fn empties(&self, name: &str) -> bool {
        self.emptying.contains(&name)
    }
}
