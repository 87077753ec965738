//! What is known of a module so far; it only grows.

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::catalogue::Catalogue;
use crate::ir::{FunctionId, Module, Name, Temp, VariableId};

use super::super::collections::Filled;
use super::Level;
use super::calls::CallFacts;
use super::mentions::Mentions;

/// What is known of a module so far.
#[derive(Debug)]
pub(in crate::demand) struct State {
    pub(super) filled: Filled,
    pub(super) functions: Vec<bool>,
    /// Components and hooks among them: who renders one says nothing more of how often its code runs.
    pub(super) rendered: Vec<bool>,
    pub(super) classes: Vec<bool>,
    pub(super) variables: Vec<Option<Level>>,
    /// By function: the number of its first temporary.
    first_temps: Vec<u32>,
    pub(super) temps: Vec<Option<Level>>,
    /// The temporaries that are object and array literals.
    pub(super) literals: Vec<bool>,
    /// By call, in the order of the walk: what the catalogue says of it. A module is walked several times.
    pub(super) calls: Vec<CallFacts>,
    /// By function: the number of its first call.
    pub(super) first_calls: Vec<u32>,
    /// By variable: whether it is a library's class or factory taken as a value.
    pub(super) aliases: Vec<bool>,
    /// Fields of `this` that hold containers or what matters.
    pub(super) fields: FxHashSet<Name>,
    /// The names of the functions that matter, in the order in which that became known.
    pub(super) members: IndexSet<Name, FxBuildHasher>,
    /// How many of these were told.
    pub(super) members_told: usize,
    /// How many of the members that are known outside were looked for here.
    pub(super) members_heard_of: usize,
    pub(super) knows_queues: bool,
    pub(super) makes_queue: bool,
    /// By function: whether it mentions something of which more is known than when it was walked.
    pub(super) stale: Vec<bool>,
    pub(super) readers: Readers,
    /// What the functions mention, once somebody asked.
    pub(super) mentions: Option<Mentions>,
    /// Fields and members that became known, until those who mention them are found.
    pub(super) new_names: FxHashSet<Name>,
}

impl State {
    pub(super) fn new(module: &Module, catalogue: &Catalogue) -> Self {
        let count = module.functions.len();
        let temps = module.functions.iter().map(|function| function.temps as usize).sum();
        Self {
            filled: Filled::of(module, catalogue),
            functions: vec![false; count],
            rendered: vec![false; count],
            classes: vec![false; module.classes.len()],
            variables: vec![None; module.variables.len()],
            temps: vec![None; temps],
            literals: vec![false; temps],
            first_temps: starts(module.functions.iter().map(|function| function.temps)),
            calls: Vec::new(),
            first_calls: Vec::new(),
            aliases: Vec::new(),
            fields: FxHashSet::default(),
            members: IndexSet::default(),
            members_told: 0,
            members_heard_of: 0,
            knows_queues: false,
            makes_queue: false,
            stale: vec![true; count],
            readers: Readers::new(module, temps),
            mentions: None,
            new_names: FxHashSet::default(),
        }
    }

    pub(super) fn temp_number(&self, function: FunctionId, temp: Temp) -> usize {
        (self.first_temps[function.index()] + temp.0) as usize
    }
}

/// Where each of several lists starts, when they stand one behind the other.
fn starts(lengths: impl Iterator<Item = u32>) -> Vec<u32> {
    lengths.scan(0, |next, length| Some(std::mem::replace(next, *next + length))).collect()
}

/// Which functions mention each variable, noted while they are walked for the first time.
#[derive(Debug)]
pub(super) struct Readers {
    /// By variable: the number of the last link of its list.
    last: Vec<Option<u32>>,
    /// A function and the link before.
    links: Vec<(FunctionId, Option<u32>)>,
    /// By variable: the walk in which it was last read.
    read_in: Vec<u32>,
    /// The same by temporary.
    temps_read_in: Vec<u32>,
    /// The number of the walk of a function that is under way.
    walk: u32,
    /// By function: whether it was walked.
    walked: Vec<bool>,
    /// The function that is walked.
    under_way: Option<FunctionId>,
    /// The same, if it is for the first time.
    newcomer: Option<FunctionId>,
    /// The functions that mention modules themselves: `require("./a")`, `import("./a")`.
    of_modules: Vec<FunctionId>,
}

impl Readers {
    fn new(module: &Module, temps: usize) -> Self {
        Self {
            last: vec![None; module.variables.len()],
            links: Vec::new(),
            read_in: vec![0; module.variables.len()],
            temps_read_in: vec![0; temps],
            walk: 0,
            walked: vec![false; module.functions.len()],
            under_way: None,
            newcomer: None,
            of_modules: Vec::new(),
        }
    }

    /// A function begins to be walked.
    pub(super) fn begin(&mut self, function: FunctionId) {
        self.walk += 1;
        let is_first = !std::mem::replace(&mut self.walked[function.index()], true);
        self.under_way = Some(function);
        self.newcomer = is_first.then_some(function);
    }

    /// Nothing is walked any more: what becomes known from now on is news to everybody.
    pub(super) fn end(&mut self) {
        self.walk += 1;
        self.under_way = None;
        self.newcomer = None;
    }

    /// The function that is walked reads a variable.
    pub(super) fn note(&mut self, variable: VariableId) {
        let at = variable.0 as usize;
        if std::mem::replace(&mut self.read_in[at], self.walk) != self.walk
            && let Some(function) = self.newcomer
        {
            let link = u32::try_from(self.links.len()).expect("invariant: fewer than 2^32 mentions");
            self.links.push((function, self.last[at].replace(link)));
        }
    }

    /// The function that is walked reads a temporary, by its number in the module.
    pub(super) fn note_temp(&mut self, temp: usize) {
        self.temps_read_in[temp] = self.walk;
    }

    /// Whether the function that is walked has read a temporary in this walk.
    pub(super) fn was_temp_read(&self, temp: usize) -> bool {
        self.temps_read_in[temp] == self.walk
    }

    /// The function that is walked mentions a module.
    pub(super) fn note_module(&mut self) {
        self.of_modules.extend(self.newcomer);
    }

    pub(super) fn of_modules(&self) -> &[FunctionId] {
        &self.of_modules
    }

    /// The functions that read a variable before now.
    pub(super) fn of(&self, variable: VariableId) -> impl Iterator<Item = FunctionId> + '_ {
        let first = self.last[variable.0 as usize].map(|link| self.links[link as usize]);
        let functions = std::iter::successors(first, |(_, before)| before.map(|link| self.links[link as usize]));
        functions.map(|(function, _)| function)
    }

    pub(super) fn is_under_way(&self, function: FunctionId) -> bool {
        self.under_way == Some(function)
    }

    /// Whether the function that is walked has read it in this walk.
    pub(super) fn was_read(&self, variable: VariableId) -> bool {
        self.read_in[variable.0 as usize] == self.walk
    }
}
