//! Summaries: what a function does to resources that are not its own, solved bottom-up over the call graph.

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::evaluate::{CallTarget, Evaluator};
use crate::analysis::value::{AcquiredKind, AcquisitionId, How};
use crate::catalogue::schema::{Opens, ResourceKind};
use crate::ir::{OpKind, Root};
use crate::linking::{ClassRef, FunctionRef};

use super::effects::{Effect, Effects, Identity};
use super::flow::{Fate, solve};
use super::leases::LeaseCallbacks;

/// What a function does, as far as its callers' obligations are concerned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// What becomes of resources that existed before the call: captured, passed, or held in fields.
    pub effects: Vec<(Identity, ExitFates)>,
    pub throws: bool,
    /// It releases something that the class it belongs to acquired and keeps.
    pub releases_own_fields: bool,
    /// It acquires (or opens) something and keeps it in a field of its class.
    pub opens_own_fields: bool,
    /// What it acquired itself and gave away in an open state.
    pub handed_over: FxHashSet<AcquisitionId>,
}

/// The fates of a resource at the two ways out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExitFates {
    pub normal: Fate,
    pub exceptional: Fate,
}

/// The summaries of a program.
#[derive(Debug, Default)]
pub struct Summaries {
    by_function: FxHashMap<FunctionRef, Summary>,
    pub lease_callbacks: LeaseCallbacks,
    unknown: Summary,
    /// By class: its instance holds something as soon as it is made.
    open_classes: FxHashSet<ClassRef>,
}

/// How often the members of one cycle of the call graph are summed up anew before the last answer is taken. Fates only
/// grow, so cycles settle in two or three rounds.
const MAX_ROUNDS: usize = 4;

impl Summaries {
    /// Sums up every function of the program.
    #[must_use]
    pub fn of(evaluator: &Evaluator<'_>) -> Self {
        let mut summaries = Self { lease_callbacks: LeaseCallbacks::of(evaluator), ..Self::default() };
        for component in components(evaluator) {
            for _ in 0..MAX_ROUNDS {
                let mut changed = false;
                for &function in &component {
                    let summary = summaries.summarise(evaluator, function);
                    changed |= summaries.insert(evaluator, function, summary);
                }
                if !changed || component.len() == 1 {
                    break;
                }
            }
        }
        summaries
    }

    #[must_use]
    pub fn get(&self, function: FunctionRef) -> &Summary {
        self.by_function.get(&function).unwrap_or(&self.unknown)
    }

    /// Whether a class's instance holds something as soon as it is made.
    #[must_use]
    pub fn opens_when_made(&self, class: ClassRef) -> bool {
        self.open_classes.contains(&class)
    }

    /// Whether a resource holds something from its acquisition on, or only once it is opened.
    #[must_use]
    pub fn is_open_at_birth(&self, evaluator: &Evaluator<'_>, id: AcquisitionId) -> bool {
        let acquisition = evaluator.acquisition(id);
        if let How::Received { inner } = acquisition.how {
            let origin = evaluator.acquisition(inner);
            return self.get(origin.at.function).handed_over.contains(&inner);
        }
        match acquisition.kind {
            AcquiredKind::Catalogued(resource) => {
                acquisition.how == How::Begun || evaluator.catalogue.resource(resource).opens != Opens::Explicitly
            }
            AcquiredKind::Instance(class) => self.opens_when_made(class),
        }
    }

    fn insert(&mut self, evaluator: &Evaluator<'_>, function: FunctionRef, summary: Summary) -> bool {
        use crate::ir::FunctionKind::{Constructor, InstanceInitialiser};
        if summary.opens_own_fields
            && let Constructor { class } | InstanceInitialiser { class } = evaluator.program.function(function).kind
        {
            self.open_classes.insert(function.class(class));
        }
        let changed = self.by_function.get(&function) != Some(&summary);
        self.by_function.insert(function, summary);
        changed
    }

    fn summarise(&self, evaluator: &Evaluator<'_>, function: FunctionRef) -> Summary {
        let effects = Effects::of(evaluator, self, function);
        let solution = solve(evaluator, self, function, &effects);
        let class = evaluator.program.this_class(function);
        let mut summary = Summary {
            throws: solution.throws,
            opens_own_fields: opens_fields(evaluator, &effects, function),
            ..Summary::default()
        };
        for (index, identity) in effects.identities.iter().enumerate() {
            let fates =
                ExitFates { normal: solution.at_normal_exit[index], exceptional: solution.at_exceptional_exit[index] };
            match identity {
                Identity::Acquired(id) if evaluator.acquisition(*id).at.function == function => {
                    if fates.normal.contains(Fate::ESCAPED) {
                        summary.handed_over.insert(*id);
                    }
                    continue;
                }
                Identity::Acquired(id) => {
                    let owner = evaluator.acquisition(*id).at.function;
                    summary.releases_own_fields |= fates.normal.contains(Fate::RELEASED)
                        && class.is_some()
                        && evaluator.program.this_class(owner) == class
                        && is_owning(evaluator, *id);
                }
                Identity::Parameter { .. } => {}
            }
            let is_touched = (fates.normal | fates.exceptional).intersects(Fate::RELEASED | Fate::ESCAPED);
            if is_touched {
                summary.effects.push((identity.clone(), fates));
            }
        }
        summary
    }
}

/// Whether a resource in a field makes its class's instances resources.
#[must_use]
pub fn is_owning(evaluator: &Evaluator<'_>, id: AcquisitionId) -> bool {
    match evaluator.acquisition(id).kind {
        AcquiredKind::Instance(_) => true,
        AcquiredKind::Catalogued(resource) => {
            let resource = evaluator.catalogue.resource(resource);
            !resource.collected
                && !matches!(
                    resource.kind,
                    ResourceKind::Stateless | ResourceKind::Listener | ResourceKind::Timer | ResourceKind::Subscription
                )
        }
    }
}

fn opens_fields(evaluator: &Evaluator<'_>, effects: &Effects, function: FunctionRef) -> bool {
    let Some(class) = evaluator.program.this_class(function) else { return false };
    let stores = evaluator.program.function(function).ops().any(|(block, index, op)| match &op.kind {
        OpKind::Assign { target, value } if target.root == Root::This => {
            let at = function.op(block, index);
            evaluator.rvalue(at, value).resources().any(|id| {
                let acquisition = evaluator.acquisition(id);
                let opens_later = match acquisition.kind {
                    AcquiredKind::Catalogued(resource) => {
                        evaluator.catalogue.resource(resource).opens == Opens::Explicitly
                    }
                    AcquiredKind::Instance(_) => true,
                };
                acquisition.at.function == function && is_owning(evaluator, id) && !opens_later
            })
        }
        _ => false,
    });
    stores
        || effects.ops.values().flat_map(|op| &op.effects).any(|(identity, effect)| match identity {
            Identity::Acquired(id) if *effect == Effect::Open => {
                evaluator.program.this_class(evaluator.acquisition(*id).at.function) == Some(class)
            }
            _ => false,
        })
}

/// The strongly connected components of the call graph, callees first. A function also depends on the functions
/// written inside it: it may hand them on.
fn components(evaluator: &Evaluator<'_>) -> Vec<Vec<FunctionRef>> {
    let program = evaluator.program;
    let mut graph = DiGraph::<FunctionRef, ()>::new();
    let mut nodes: FxHashMap<FunctionRef, NodeIndex> = FxHashMap::default();
    for function in program.functions() {
        nodes.insert(function, graph.add_node(function));
    }
    for function in program.functions() {
        let from = nodes[&function];
        for child in program.index(function.file).children(function.function) {
            graph.update_edge(from, nodes[&function.sibling(*child)], ());
        }
        for (block, index, op) in program.function(function).ops() {
            if !matches!(op.kind, OpKind::Call(_)) {
                continue;
            }
            let callee = evaluator.callee(function.op(block, index));
            for target in &callee.targets {
                match target {
                    CallTarget::Function { function: to, .. } => {
                        graph.update_edge(from, nodes[to], ());
                    }
                    CallTarget::Construct(class) => {
                        let class_body = program.class(*class);
                        for to in [class_body.constructor, class_body.instance_initialiser].into_iter().flatten() {
                            graph.update_edge(from, nodes[&FunctionRef::new(class.file, to)], ());
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    tarjan_scc(&graph).into_iter().map(|component| component.into_iter().map(|node| graph[node]).collect()).collect()
}
