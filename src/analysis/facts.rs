//! Everything the rules read, gathered once.

use std::cell::OnceCell;
use std::sync::{Arc, LazyLock};

use aho_corasick::AhoCorasick;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::call_graph::CallGraph;
use crate::analysis::containers::{Container, containers};
use crate::analysis::evaluate::{self, Answers, Evaluator, on_two_threads};
use crate::analysis::frequency::{Frequencies, Rate};
use crate::analysis::lifecycles::{LostCleanup, lost_cleanups};
use crate::analysis::limits::passing_calls;
use crate::analysis::mounted::MountedOnce;
use crate::analysis::obligations;
use crate::analysis::ownership::{Effect, Fate, Identity, Interest, Solved, Summaries};
use crate::analysis::queues::{Queue, queues};
use crate::analysis::registrations::{Registrations, registrations};
use crate::analysis::value::{AcquiredKind, Acquisition, AcquisitionId, How, Value};
use crate::catalogue::ResourceId;
use crate::catalogue::schema::{Resource, ResourceKind};
use crate::ir::{Module, ModuleRequest, Name, OpKind, Operand, RequestId, Root, Terminator};
use crate::linking::{ClassRef, FunctionRef, OpRef, Program, Target};
use crate::source::{FileId, Location};

/// The facts of one program.
pub struct Facts<'p> {
    pub program: &'p Program,
    pub evaluator: Evaluator<'p>,
    pub calls: Arc<CallGraph>,
    pub summaries: Summaries,
    pub frequencies: Frequencies,
    pub obligations: Arc<Vec<Obligation>>,
    /// Resources that some operation of the program releases, on whatever path.
    pub released: Arc<FxHashSet<AcquisitionId>>,
    /// Functions that were meant to end something and never run.
    pub lost_cleanups: Arc<FxHashMap<FunctionRef, LostCleanup>>,
    /// Files that import what only tests use, and modules that are compiled for tests only.
    test_files: Arc<FxHashSet<FileId>>,
    gathered: Gathered,
}

/// Facts that are gathered on first use.
#[derive(Default)]
struct Gathered {
    registrations: OnceCell<Registrations>,
    containers: OnceCell<Vec<Container>>,
    queues: OnceCell<Vec<Queue>>,
    mounted_once: OnceCell<MountedOnce>,
    passing_calls: OnceCell<FxHashMap<Name, Vec<OpRef>>>,
}

/// The facts at one time, for another thread to continue from.
pub struct Fork<'p> {
    evaluator: evaluate::Fork<'p>,
    calls: Arc<CallGraph>,
    summaries: Summaries,
    frequencies: Frequencies,
    obligations: Arc<Vec<Obligation>>,
    released: Arc<FxHashSet<AcquisitionId>>,
    lost_cleanups: Arc<FxHashMap<FunctionRef, LostCleanup>>,
    test_files: Arc<FxHashSet<FileId>>,
}

impl<'p> Fork<'p> {
    /// Continues, keeping answers in `answers`. Facts that are gathered on first use are gathered anew.
    #[must_use]
    pub fn open(self, answers: &'p Answers) -> Facts<'p> {
        let evaluator = self.evaluator.open(answers);
        Facts {
            program: evaluator.program,
            evaluator,
            calls: self.calls,
            summaries: self.summaries,
            frequencies: self.frequencies,
            obligations: self.obligations,
            released: self.released,
            lost_cleanups: self.lost_cleanups,
            test_files: self.test_files,
            gathered: Gathered::default(),
        }
    }
}

pub use crate::analysis::obligations::Obligation;

/// The function that a caller gets to release a resource with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasingHandle {
    /// The member of the result that releases it; empty if the result itself does.
    pub member: String,
    /// The function of the project behind it, if it is one.
    pub function: Option<FunctionRef>,
}

impl<'p> Facts<'p> {
    /// Runs the analyses, keeping their answers in `answers`.
    #[must_use]
    pub fn of(program: &'p Program, catalogue: &'p crate::catalogue::Catalogue, answers: &'p Answers) -> Self {
        let evaluator = Evaluator::new(program, catalogue, answers);
        let calls = CallGraph::of(&evaluator);
        // Neither depends on the other.
        let owned = || {
            let summaries = Summaries::of(&evaluator);
            let collected = obligations::collect(&evaluator, &calls, &summaries);
            (summaries, collected)
        };
        let ((summaries, collected), frequencies) = evaluator.beside(owned, Frequencies::of);
        let lost_cleanups = lost_cleanups(&evaluator, &frequencies.lifecycles);
        let mut facts = Self {
            program,
            evaluator,
            calls: Arc::new(calls),
            summaries,
            frequencies,
            obligations: Arc::new(collected.obligations),
            released: Arc::default(),
            lost_cleanups: Arc::new(lost_cleanups),
            test_files: Arc::new(test_files(program, catalogue)),
            gathered: Gathered::default(),
        };
        let is_run = |function: &FunctionRef| facts.lost_cleanup(*function).is_none();
        let released: Vec<_> = collected.released.into_iter().filter(|(by, _)| is_run(by)).map(|(_, id)| id).collect();
        for id in released {
            facts.mark_released(id);
        }
        facts
    }

    /// What is known now, for another thread to continue from.
    #[must_use]
    pub fn fork(&self) -> Fork<'p> {
        Fork {
            evaluator: self.evaluator.fork(),
            calls: Arc::clone(&self.calls),
            summaries: self.summaries.clone(),
            frequencies: self.frequencies.clone(),
            obligations: Arc::clone(&self.obligations),
            released: Arc::clone(&self.released),
            lost_cleanups: Arc::clone(&self.lost_cleanups),
            test_files: Arc::clone(&self.test_files),
        }
    }

    /// Runs `here` with these facts while `there` continues from their present state, on another thread if one is free.
    pub fn beside<H, T: Send>(&self, here: impl FnOnce() -> H, there: impl FnOnce(&Facts<'_>) -> T + Send) -> (H, T) {
        let fork = self.fork();
        on_two_threads(here, move || {
            let answers = Answers::default();
            let found = there(&fork.open(&answers));
            answers.discard();
            found
        })
    }

    /// A function with its dataflow solved, as far as it is about what functions acquire.
    #[must_use]
    pub fn solved(&self, function: FunctionRef) -> Arc<Solved> {
        self.summaries.get(&self.evaluator, function, Interest::Acquired)
    }

    /// Why a function never runs, if it was meant to end something, or is written in one that was.
    #[must_use]
    pub fn lost_cleanup(&self, function: FunctionRef) -> Option<LostCleanup> {
        if self.lost_cleanups.is_empty() {
            return None;
        }
        let mut at = function;
        loop {
            if let Some(lost) = self.lost_cleanups.get(&at) {
                return Some(*lost);
            }
            at = at.sibling(self.program.function(at).parent?);
        }
    }

    /// A release of what a factory handed out is evidence for what the factory acquired.
    fn mark_released(&mut self, id: AcquisitionId) {
        let mut at = id;
        while Arc::make_mut(&mut self.released).insert(at) {
            match self.evaluator.acquisition(at).how {
                How::Received { inner } => at = inner,
                _ => break,
            }
        }
    }

    #[must_use]
    pub fn registrations(&self) -> &Registrations {
        self.gathered.registrations.get_or_init(|| registrations(self))
    }

    #[must_use]
    pub fn containers(&self) -> &[Container] {
        self.gathered.containers.get_or_init(|| containers(self))
    }

    /// Takes over the containers that were gathered on the other side of a fork; they do not depend on the side.
    pub fn give_containers(&self, containers: Vec<Container>) {
        self.gathered.containers.get_or_init(|| containers);
    }

    /// Whether an operation runs once per instance of a component that the program mounts only once, where it starts.
    #[must_use]
    pub fn is_of_mounted_once(&self, at: OpRef) -> bool {
        self.gathered.mounted_once.get_or_init(|| MountedOnce::of(self)).runs_once(self, at)
    }

    #[must_use]
    pub fn queues(&self) -> &[Queue] {
        self.gathered.queues.get_or_init(|| queues(self))
    }

    /// The queues that an operation receives from.
    pub fn queues_taken_from(&self, at: OpRef) -> impl Iterator<Item = &Queue> {
        self.queues().iter().filter(move |queue| queue.receives.contains(&at))
    }

    /// The calls in functions that are not in the call graph, by the names of their callees.
    pub fn passing_calls(&self) -> &FxHashMap<Name, Vec<OpRef>> {
        self.gathered.passing_calls.get_or_init(|| passing_calls(self))
    }

    /// The catalogue's entry of an acquisition; `None` for an instance of a class of the project.
    #[must_use]
    pub fn resource(&self, acquisition: &Acquisition) -> Option<(ResourceId, &'p Resource)> {
        match acquisition.kind {
            AcquiredKind::Catalogued(id) => Some((id, self.evaluator.catalogue.resource(id))),
            AcquiredKind::Instance(_) => None,
        }
    }

    /// The broad kind of an acquisition; a class that owns resources counts as a client.
    #[must_use]
    pub fn kind(&self, acquisition: &Acquisition) -> ResourceKind {
        self.resource(acquisition).map_or(ResourceKind::Client, |(_, resource)| resource.kind)
    }

    /// Where an acquisition came from originally, through the functions that returned it; innermost last.
    #[must_use]
    pub fn origins(&self, acquisition: &Acquisition) -> Vec<Acquisition> {
        let mut origins = Vec::new();
        let mut at = acquisition.clone();
        while let How::Received { inner } = at.how {
            at = self.evaluator.acquisition(inner);
            origins.push(at.clone());
        }
        origins
    }

    /// How often an acquisition happens.
    #[must_use]
    pub fn rate(&self, at: OpRef) -> Rate {
        self.frequencies.of_op(&self.evaluator, at)
    }

    /// Whether the program shows that an acquisition is repeated, rather than that somebody may repeat it.
    #[must_use]
    pub fn is_seen_to_repeat(&self, at: OpRef) -> bool {
        match self.rate(at) {
            Rate::PerCall => self.frequencies.is_seen_to_repeat(&self.evaluator, at.function),
            rate => rate > Rate::PerTurn,
        }
    }

    /// Whether a call memoises the result of its function argument by key.
    #[must_use]
    pub fn keeps_by_key(&self, at: OpRef) -> bool {
        self.evaluator.function_fact(at).is_some_and(|fact| fact.keyed)
    }

    #[must_use]
    pub fn location(&self, at: OpRef) -> Location {
        self.program.op_location(at)
    }

    /// The member of a call's result that releases the resource when it is called: `cleanup` of `{ db, cleanup }`, or
    /// the returned function itself (an empty name).
    #[must_use]
    pub fn releasing_member(&self, obligation: &Obligation) -> Option<String> {
        self.releasing_handle(obligation).map(|handle| handle.member)
    }

    /// The same, with the function of the project behind it, if it is one.
    #[must_use]
    pub fn releasing_handle(&self, obligation: &Obligation) -> Option<ReleasingHandle> {
        let at = obligation.acquisition.at;
        let values = self.evaluator.call_values(at);
        let releases = |values: &crate::analysis::value::Values| {
            values.iter().find_map(|value| match value {
                Value::Function { function, context } => self
                    .solved(*function)
                    .summary
                    .effects
                    .iter()
                    .any(|(identity, fates)| {
                        let Identity::Acquired(id) = identity else { return false };
                        let seen =
                            self.evaluator.through(crate::analysis::value::Values::one(Value::Resource(*id)), *context);
                        fates.normal.contains(Fate::RELEASED) && seen.resources().any(|seen| seen == obligation.id)
                    })
                    .then_some(Some(*function)),
                Value::Method { of, name } if *of == obligation.id => {
                    let resources = self.evaluator.resources_of(&Value::Resource(*of));
                    resources
                        .iter()
                        .any(|resource| self.evaluator.catalogue.method(*resource, name).release)
                        .then_some(None)
                }
                _ => None,
            })
        };
        if let Some(function) = releases(&values) {
            return Some(ReleasingHandle { member: String::new(), function });
        }
        self.evaluator.members(&values).find_map(|(name, parts)| {
            releases(&parts).map(|function| ReleasingHandle { member: name.to_string(), function })
        })
    }

    /// The operations that release it in the function that has to, in program order.
    #[must_use]
    pub fn releases(&self, obligation: &Obligation) -> Vec<OpRef> {
        let solved = self.solved(obligation.function);
        let of_it = |(identity, effect): &(Identity, Effect)| {
            *identity == Identity::Acquired(obligation.id)
                && matches!(effect, Effect::Release | Effect::ReleaseOnThrow | Effect::PartialRelease)
        };
        let found = solved.effects.ops.iter().filter(|(_, op)| op.effects.iter().any(of_it));
        found.map(|(&(block, index), _)| obligation.function.op(block, index as usize)).collect()
    }

    /// Whether the result of a function may be a promise.
    #[must_use]
    pub fn gives_promise(&self, function: FunctionRef) -> bool {
        let body = self.program.function(function);
        body.is_async
            || body.blocks().any(|(_, block)| {
                matches!(&block.terminator, Terminator::Return(Some(Operand::Place(_) | Operand::Opaque)))
            })
    }

    /// The class that stores an acquisition in a field of its instances, with the name of the field.
    #[must_use]
    pub fn holding_field(&self, id: AcquisitionId) -> Option<(ClassRef, String)> {
        let function = self.evaluator.acquisition(id).at.function;
        let class = self.program.this_class(function)?;
        let is_own =
            |root: &Root| match root {
                Root::This => true,
                Root::Variable(_) => self.evaluator.root_values(function, root).resources().any(
                    |made| matches!(self.evaluator.acquisition(made).kind, AcquiredKind::Instance(of) if of == class),
                ),
                Root::Temp(_) | Root::Global(_) => false,
            };
        self.program.function(function).ops().find_map(|(block, index, op)| match &op.kind {
            OpKind::Assign { target, value } if !target.path.is_empty() && is_own(&target.root) => {
                let name = target.path[0].name()?;
                let values = self.evaluator.rvalue(function.op(block, index), value);
                values.resources().any(|stored| stored == id).then(|| (class, name.to_owned()))
            }
            _ => None,
        })
    }

    /// A method of the class that ends an instance, judging by its name.
    #[must_use]
    pub fn teardown(&self, class: ClassRef) -> Option<FunctionRef> {
        let mut members = self.program.members(class);
        members.find(|(_, member)| !member.is_static && is_teardown(&member.name)).map(|(function, _)| function)
    }

    /// Whether code in a file is held to account: tests, benchmarks, scripts and the like are not.
    #[must_use]
    pub fn is_held_to_account(&self, function: FunctionRef) -> bool {
        self.is_source(function.file)
    }

    /// Whether a file belongs to the product of the project.
    #[must_use]
    pub fn is_source(&self, file: FileId) -> bool {
        use crate::discovery::FileRole;
        matches!(self.program.role(file), FileRole::Source) && !self.test_files.contains(&file)
    }

    /// Whether two files belong to one crate, judging by their paths.
    #[must_use]
    pub fn is_same_crate(&self, one: FileId, other: FileId) -> bool {
        self.crate_of(one) == self.crate_of(other)
    }

    fn crate_of(&self, file: FileId) -> &str {
        let path = self.program.path(file);
        path.rfind("src/").map_or("", |at| &path[..at])
    }

    /// Whether something in the file's crate is called from outside again and again: requests, messages, ticks.
    #[must_use]
    pub fn serves(&self, file: FileId) -> bool {
        self.frequencies.entries().any(|function| self.is_same_crate(function.file, file))
    }
}

fn test_files(program: &Program, catalogue: &crate::catalogue::Catalogue) -> FxHashSet<FileId> {
    let serves_tests = |module: &&Module| {
        (0u32..).zip(&module.requests).any(|(request, _)| {
            matches!(program.target(module.file, RequestId(request)), Target::External(name) if catalogue.is_for_tests(name))
        })
    };
    let mut found: FxHashSet<FileId> = program.modules().filter(serves_tests).map(|module| module.file).collect();
    // Modules that are declared for tests, with all below them.
    let declared = |module: &Module, is_asked: &dyn Fn(&ModuleRequest) -> bool| -> Vec<FileId> {
        let requests = (0u32..).zip(&module.requests).filter(|(_, request)| is_asked(request));
        let targets = requests.map(|(id, _)| program.target(module.file, RequestId(id)));
        targets.filter_map(|target| if let Target::Module(file) = target { Some(*file) } else { None }).collect()
    };
    let mut work: Vec<FileId> = program.modules().flat_map(|it| declared(it, &|request| request.for_tests)).collect();
    while let Some(file) = work.pop() {
        if found.insert(file) && program.is_lowered(file) {
            work.extend(declared(program.module(file), &|request| request.specifier.starts_with("self::")));
        }
    }
    found
}

/// Words in the names of methods that end an object's life, in the conventions of all frameworks:
/// `componentWillUnmount`, `ngOnDestroy`, `disconnectedCallback`, `onModuleDestroy`, `[Symbol.dispose]`.
const TEARDOWN_WORDS: &[&str] = &["destroy", "dispose", "unmount", "disconnect", "teardown", "shutdown", "cleanup"];

/// Short names that mean this only as a whole.
const TEARDOWN_NAMES: &[&str] = &["close", "stop", "end", "quit", "terminate", "release", "unsubscribe", "kill"];

/// Whether a method of this name is meant to end its object's life.
#[must_use]
pub fn is_teardown(name: &str) -> bool {
    static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let words = AhoCorasick::builder().ascii_case_insensitive(true).build(TEARDOWN_WORDS);
        words.expect("invariant: a few short words make an automaton")
    });
    TEARDOWN_NAMES.iter().any(|whole| whole.eq_ignore_ascii_case(name)) || WORDS.is_match(name)
}
