//! Frequency: how often a line runs, with the evidence.
//!
//! Takes the call graph, the catalogue's entry points and the exports; gives each function and class a [`Rate`] and
//! the chain of calls behind it. Rates go along calls as maxima; a call whose result is memoised goes along as once
//! ([`memo`]). Never judges a rate: a pool per request is a finding only for the rule that says so.

mod calls;
pub mod dispatch;
mod entries;
mod iteration;
mod latch;
mod loss;
pub mod memo;
mod replaced;
mod restart;
mod retries;
mod slots;
mod solver;
mod spread;
mod waits;

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::Evaluator;
use crate::catalogue::schema::Runs;
use crate::ir::{FunctionKind, OpKind, Operand, Place, Root, Rvalue};
use crate::linking::{ClassRef, FunctionRef, OpRef};
use crate::source::{FileId, Location};

use memo::{Lifetime, Memo};
use slots::Slots;
use solver::Solver;

/// How often something runs; later is more often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rate {
    /// Nothing in the program calls it.
    Never,
    Once,
    /// Exported, or a method: whenever somebody outside the analysed code calls it.
    PerCall,
    /// In a loop of something that runs once.
    PerTurn,
    /// For each instance of something the program makes many of: a mounted component.
    PerInstance,
    PerRender,
    PerTick,
    PerMessage,
    PerRequest,
}

/// Why something has its rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    None,
    Exported,
    /// A framework calls it; what it is, and where that can be seen.
    Entry {
        label: String,
        at: Location,
    },
    /// This operation calls it or hands it on.
    Called {
        at: OpRef,
    },
}

/// The rate of a function or class with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frequency {
    pub rate: Rate,
    pub evidence: Evidence,
}

/// The frequencies of a program. A clone shares what is known and remembers for itself what it is asked.
#[derive(Debug, Clone)]
pub struct Frequencies {
    nodes: Arc<FxHashMap<Node, Frequency>>,
    /// Worked out when somebody asks.
    memos: RefCell<FxHashMap<OpRef, Option<Memo>>>,
    /// By the function's number, each part once somebody asked.
    keeping: RefCell<Vec<Option<Box<Keeping>>>>,
    /// Functions that something runs once, however often it is asked to.
    memoised: Arc<FxHashSet<FunctionRef>>,
    /// The files of programs that are all here: what nobody calls in them is called by nobody else.
    of_programs: Arc<FxHashSet<FileId>>,
    pub lifecycles: Arc<Lifecycles>,
}

/// In the order in which they were met.
type FxIndexMap<K, V> = indexmap::IndexMap<K, V, rustc_hash::FxBuildHasher>;

/// Functions by their part in the life of a component, with the operation that registers them.
#[derive(Debug, Default)]
pub struct Lifecycles {
    /// What they return is run to end what they began.
    pub effects: FxIndexMap<FunctionRef, OpRef>,
    /// They are run when what registered them ends.
    pub endings: FxIndexMap<FunctionRef, OpRef>,
    /// They may run again for the same instance.
    pub reentered: FxHashSet<FunctionRef>,
    /// They run again for the same instance without its end in between.
    pub reruns: FxIndexMap<FunctionRef, Rerun>,
}

/// What makes a function run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rerun {
    /// Its framework, as is said here.
    Always { at: Location },
    /// Something of the list at this index of its registration.
    When { effect: OpRef, dependencies: u32 },
}

/// What a function has that may keep one of its calls from being repeated. Most have nothing.
#[derive(Debug, Clone, Default)]
struct Keeping {
    slots: OnceCell<Arc<Slots>>,
    latches: OnceCell<Arc<latch::Latches>>,
    ends: OnceCell<Arc<restart::Ends>>,
    waits: OnceCell<Arc<waits::Waits>>,
    /// By slot.
    tests: FxHashMap<Place, Arc<[memo::Test]>>,
    losses: OnceCell<Arc<Vec<loss::Loss>>>,
}

/// What has a frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Node {
    Function(FunctionRef),
    Class(ClassRef),
}

impl From<Runs> for Rate {
    fn from(runs: Runs) -> Self {
        match runs {
            Runs::Once => Self::Once,
            Runs::PerInstance => Self::PerInstance,
            Runs::PerRender => Self::PerRender,
            Runs::PerTick => Self::PerTick,
            Runs::PerMessage => Self::PerMessage,
            Runs::PerRequest => Self::PerRequest,
        }
    }
}

impl Frequencies {
    /// The frequencies of every function and class.
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>) -> Self {
        Solver::new(evaluator).solve()
    }

    #[must_use]
    pub fn of_function(&self, function: FunctionRef) -> Rate {
        self.nodes.get(&Node::Function(function)).map_or(Rate::Never, |frequency| frequency.rate)
    }

    /// Why a function has its rate.
    #[must_use]
    pub fn evidence(&self, function: FunctionRef) -> Option<&Evidence> {
        self.nodes.get(&Node::Function(function)).map(|frequency| &frequency.evidence)
    }

    /// Whether a file belongs to a program that is all here.
    #[must_use]
    pub fn is_of_program(&self, file: FileId) -> bool {
        self.of_programs.contains(&file)
    }

    /// Whether the program shows that a function is run again and again. Of a library it is enough that its users may.
    /// Where the program is here as well, a function nobody was seen to call is one whose call was not understood, and
    /// may be a part of how the program starts; so may be what is handed to unknown code then. The methods of an instance
    /// are there to be called while it lives.
    #[must_use]
    pub fn is_seen_to_repeat(&self, evaluator: &Evaluator<'_>, function: FunctionRef) -> bool {
        let rate = self.of_function(function);
        if rate != Rate::PerCall {
            return rate > Rate::PerTurn;
        }
        let chain = self.chain(evaluator, function);
        if chain.entry.is_some() {
            return !chain.runs_once;
        }
        let first = chain.calls.first().map_or(function, |at| at.function);
        let body = evaluator.program.function(first);
        // How often another language calls something is written there.
        if body.is_foreign {
            return false;
        }
        let is_of_instance = matches!(body.kind, FunctionKind::Method { is_static: false, .. });
        is_of_instance || !self.is_of_program(function.file)
    }

    /// The functions that a framework calls again and again, in no order.
    pub fn entries(&self) -> impl Iterator<Item = FunctionRef> {
        self.nodes.iter().filter_map(|(node, frequency)| match (node, &frequency.evidence) {
            (Node::Function(function), Evidence::Entry { .. }) if frequency.rate > Rate::PerTurn => Some(*function),
            _ => None,
        })
    }

    /// How often instances of a class are made.
    #[must_use]
    pub fn of_class(&self, class: ClassRef) -> Rate {
        self.nodes.get(&Node::Class(class)).map_or(Rate::Never, |frequency| frequency.rate)
    }

    /// How often an operation takes effect: its function's rate, raised by loops, lowered by memoisation.
    #[must_use]
    pub fn of_op(&self, evaluator: &Evaluator<'_>, at: OpRef) -> Rate {
        self.kept(evaluator, at, self.of_line(evaluator, at))
    }

    /// How often control comes to an operation: its function's rate, raised by loops.
    fn of_line(&self, evaluator: &Evaluator<'_>, at: OpRef) -> Rate {
        let rate = self.of_function(at.function);
        let is_repeated = rate > Rate::Never
            && evaluator.program.loop_depth(at.function, at.block) > 0
            && !retries::is_retried(evaluator, at);
        if !is_repeated {
            return rate;
        }
        let turn = if rate == Rate::Once { Rate::PerTurn } else { rate };
        self.wait(evaluator, at).map_or(turn, |(_, waits)| turn.max(waits))
    }

    /// How often an operation takes effect that control comes to at this rate.
    fn kept(&self, evaluator: &Evaluator<'_>, at: OpRef, rate: Rate) -> Rate {
        // Only what is kept for an instance can change the rate of what runs once.
        let is_settled = match rate {
            Rate::Never => true,
            Rate::Once => evaluator.program.this_class(at.function).is_none(),
            _ => false,
        };
        if is_settled {
            return rate;
        }
        if rate > Rate::Once {
            let losses = self.part(evaluator, at.function, |it| &it.losses, || loss::of(evaluator, at.function));
            if loss::leads_to(evaluator.program.function(at.function), &losses, at) {
                return Rate::Once;
            }
        }
        match self.memo(evaluator, at).map(|memo| memo.lifetime) {
            None => rate,
            Some(Lifetime::Process) => rate.min(Rate::Once),
            Some(Lifetime::Instance(class)) => self.of_class(class),
            Some(Lifetime::Run(maker)) => match self.of_function(maker) {
                Rate::Never => rate.min(Rate::Once),
                made => rate.min(made),
            },
        }
    }

    /// The call that is waited for on each turn of a loop around an operation, and how often what it gives comes.
    #[must_use]
    pub fn wait(&self, evaluator: &Evaluator<'_>, at: OpRef) -> Option<(OpRef, Rate)> {
        let waits = self.part(evaluator, at.function, |it| &it.waits, || waits::of(evaluator, at.function));
        waits::around(&waits, evaluator.program.function(at.function), at)
    }

    /// How the result of an operation is memoised.
    #[must_use]
    pub fn memo(&self, evaluator: &Evaluator<'_>, at: OpRef) -> Option<Memo> {
        if let Some(known) = self.memos.borrow().get(&at) {
            return known.clone();
        }
        let memo = match &evaluator.program.op(at).kind {
            OpKind::Call(call) => {
                // Where there is one way only, nothing is tested.
                let is_tested = evaluator.program.function(at.function).blocks.len() > 1;
                let by_test = || {
                    self.of_result(evaluator, at, &Root::Temp(call.result))
                        .or_else(|| self.latches(evaluator, at.function).of_call(evaluator, at))
                };
                let by_test = is_tested.then(by_test).flatten();
                by_test.or_else(|| restart::of_call(evaluator, &self.ends(evaluator, at.function), at))
            }
            // `let attempt = async { … }; self.state = attempt.await;`
            OpKind::Assign { target, value: Rvalue::Use(Operand::Function(_)) }
                if target.as_variable().is_some() && evaluator.drops_implicitly(at.function) =>
            {
                self.of_result(evaluator, at, &target.root)
            }
            _ => None,
        };
        self.memos.borrow_mut().insert(at, memo.clone());
        memo
    }

    /// Whether what a call gives takes the place of what it gave before: one field or variable has it, of the function or
    /// of one that it hands it to.
    #[must_use]
    pub fn replaces(&self, evaluator: &Evaluator<'_>, at: OpRef) -> bool {
        let Some(call) = evaluator.program.op(at).call() else { return false };
        let result = Root::Temp(call.result);
        self.slots(evaluator, at.function).of_root(&result).iter().any(|memo| !memo.keyed)
            || replaced::of(evaluator, at, &result, &|function, parameter| {
                self.slots(evaluator, function).of_root(&parameter).iter().any(|memo| !memo.keyed)
            })
    }

    fn of_result(&self, evaluator: &Evaluator<'_>, at: OpRef, result: &Root) -> Option<Memo> {
        let tests = |slot: &Place| self.tests(evaluator, at.function, slot);
        memo::of_result(evaluator, &self.slots(evaluator, at.function), at, result, tests)
    }

    /// The branches of a function whose conditions are about a slot.
    fn tests(&self, evaluator: &Evaluator<'_>, function: FunctionRef, slot: &Place) -> Arc<[memo::Test]> {
        let number = evaluator.program.numbers().function(function);
        if let Some(known) = self.keeping.borrow()[number].as_deref().and_then(|keeping| keeping.tests.get(slot)) {
            return Arc::clone(known);
        }
        let tests = memo::tests(evaluator, function, slot);
        let mut keeping = self.keeping.borrow_mut();
        keeping[number].get_or_insert_default().tests.insert(slot.clone(), Arc::clone(&tests));
        tests
    }

    fn slots(&self, evaluator: &Evaluator<'_>, function: FunctionRef) -> Arc<Slots> {
        self.part(evaluator, function, |it| &it.slots, || Slots::of(evaluator, function))
    }

    fn latches(&self, evaluator: &Evaluator<'_>, function: FunctionRef) -> Arc<latch::Latches> {
        self.part(evaluator, function, |it| &it.latches, || latch::Latches::of(evaluator, function))
    }

    fn ends(&self, evaluator: &Evaluator<'_>, function: FunctionRef) -> Arc<restart::Ends> {
        self.part(evaluator, function, |it| &it.ends, || restart::ends(evaluator, function))
    }

    /// A part of what keeps the calls of a function, worked out when somebody asks for it.
    fn part<T>(
        &self,
        evaluator: &Evaluator<'_>,
        function: FunctionRef,
        part: impl Fn(&Keeping) -> &OnceCell<Arc<T>>,
        work_out: impl FnOnce() -> T,
    ) -> Arc<T> {
        let number = evaluator.program.numbers().function(function);
        if let Some(known) = self.keeping.borrow()[number].as_deref().and_then(|keeping| part(keeping).get()) {
            return Arc::clone(known);
        }
        let worked_out = Arc::new(work_out());
        let mut keeping = self.keeping.borrow_mut();
        let cell = part(keeping[number].get_or_insert_default());
        Arc::clone(cell.get_or_init(|| worked_out))
    }

    /// The chain of evidence for a function's rate: the functions from the entry point down to it, with the
    /// operation of each that calls the next, and what the first of them is.
    #[must_use]
    pub fn chain(&self, evaluator: &Evaluator<'_>, function: FunctionRef) -> Chain {
        let mut chain = Chain::default();
        let mut node = Node::Function(function);
        for _ in 0..24 {
            let Some(frequency) = self.nodes.get(&node) else { break };
            match &frequency.evidence {
                Evidence::Called { at } => {
                    chain.calls.push(*at);
                    let caller = Node::Function(at.function);
                    if caller == node {
                        break;
                    }
                    node = caller;
                }
                Evidence::Entry { label, at } => {
                    chain.entry = Some((label.clone(), *at));
                    chain.runs_once = frequency.rate == Rate::Once;
                    break;
                }
                Evidence::Exported | Evidence::None => break,
            }
            // A constructor runs when its class is constructed.
            if let Node::Function(function) = node
                && let FunctionKind::Constructor { class } | FunctionKind::InstanceInitialiser { class } =
                    evaluator.program.function(function).kind
                && self.nodes.get(&node).is_some_and(|frequency| frequency.evidence == Evidence::None)
            {
                node = Node::Class(function.class(class));
            }
        }
        chain.calls.reverse();
        chain
    }
}

/// Why a function runs as often as it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// The framework's entry point at the top, where there is one.
    pub entry: Option<(String, Location)>,
    /// Whether that is run once; then it is a loop on the way down that repeats.
    pub runs_once: bool,
    /// The calls from there down, outermost first.
    pub calls: Vec<OpRef>,
}
