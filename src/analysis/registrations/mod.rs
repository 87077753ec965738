//! Registrations: callbacks added to something that outlives them, and what removes them.
//!
//! A registration has no handle to follow: it is removed by a second call with the same target, event and handler (and
//! capture flag). Takes the program's values; gives every addition and removal, including those that a helper of the
//! project makes for its callers, and says which removal is for which addition. Never judges whether an addition
//! repeats: that is the rule's question.

mod guards;
mod identity;
mod lingering;
mod partial;
mod siblings;
mod sites;

use rustc_hash::FxHashMap;

use crate::analysis::facts::Facts;
use crate::analysis::frequency::memo::Lifetime;
use crate::analysis::value::{Acquisition, AcquisitionId, How, Values};
use crate::catalogue::ResourceId;
use crate::catalogue::schema::ResourceKind;
use crate::ir::{Binding, Call, CallKind, Field, FunctionId, Name, OpKind, Operand, Root, Rvalue};
use crate::linking::{ClassRef, FunctionRef, OpRef};

pub use guards::{Guard, conditions, guard};
pub use identity::{Event, Handler, HandlerId, Likeness, PlaceId};
pub use lingering::{Lingering, lingering};
pub use partial::{Partial, partial};

/// Every addition and removal of the program.
#[derive(Debug, Default)]
pub struct Registrations {
    pub additions: Vec<Addition>,
    pub removals: Vec<Removal>,
    /// Removals that are never run.
    pub lost: Vec<Removal>,
    /// The functions that additions make handlers, with the addition's index.
    handlers: FxHashMap<FunctionRef, usize>,
}

/// A callback that was added.
#[derive(Debug, Clone)]
pub struct Addition {
    pub at: OpRef,
    pub resource: ResourceId,
    pub target: Target,
    pub event: Event,
    pub handler: Handler,
    pub capture: Capture,
    /// It is removed by itself: `{ once: true }`, a signal.
    pub removes_itself: bool,
    /// It is removed when its event comes, and in no other way.
    pub is_once: bool,
    /// Its event comes at the end of everything that the target is about, if at all.
    pub is_last: bool,
    /// The result of the call is kept: it may remove the listener.
    pub hands_back: bool,
    /// Adding the same function twice adds it once.
    pub deduplicates: bool,
    pub class: Option<ClassRef>,
    /// For an addition that a helper makes for its caller: the helper's, by index.
    pub inner: Option<usize>,
}

/// A removal, of one callback or of all.
#[derive(Debug, Clone)]
pub struct Removal {
    pub at: OpRef,
    pub resource: ResourceId,
    pub target: Target,
    /// `None`: of every event.
    pub event: Option<Event>,
    /// `None`: of every handler.
    pub handler: Option<Handler>,
    pub capture: Capture,
    pub class: Option<ClassRef>,
    /// It is written out, and removes exactly the function it is given.
    pub is_exact: bool,
    /// It is written out, with a receiver.
    pub is_direct: bool,
}

/// What a callback is added to.
#[derive(Debug, Clone)]
pub struct Target {
    pub place: PlaceId,
    pub values: Values,
    /// How the code writes it: `window`, `this.socket`.
    pub text: String,
    pub life: Life,
}

/// How long a target lives, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// As long as the page or process: `window`, `process`.
    Global,
    /// A module-level variable that only the module's top level assigns, or a package's own object.
    Module,
    /// Something that a function of the project returns to every caller: one pool for all.
    Shared,
    /// A lease: it goes back to its pool, from which others get it.
    Leased(AcquisitionId),
    /// A field filled by a getter of somebody else: `this.queue = queues.getQueue("logs")`.
    Fetched,
    Unknown,
}

/// The capture flag, as far as it is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    Is(bool),
    Unknown,
}

/// Collects the registrations of a program.
#[must_use]
pub fn registrations(facts: &Facts<'_>) -> Registrations {
    let mut found = sites::collect(facts);
    for (index, addition) in found.additions.iter().enumerate() {
        for function in addition.handler.functions() {
            found.handlers.entry(function).or_insert(index);
        }
    }
    found
}

impl Registrations {
    /// Whether a removal removes what an addition added. If some parts are only perhaps the same, another part must
    /// surely be.
    #[must_use]
    pub fn removes(removal: &Removal, addition: &Addition) -> bool {
        let event = removal.event.as_ref().map_or(Likeness::Sure, |event| event.likeness(&addition.event));
        if event == Likeness::No || !removal.capture.agrees(addition.capture) {
            return false;
        }
        let target = removal.target_likeness(addition);
        let near = removal.is_near(addition);
        match (&removal.handler, target) {
            (_, Likeness::No) => false,
            (None, Likeness::Sure) => true,
            (None, Likeness::Maybe) => near && addition.target.life == Life::Unknown,
            (Some(handler), target) => match handler.likeness(&addition.handler) {
                Likeness::No => false,
                Likeness::Maybe => target == Likeness::Sure && near,
                Likeness::Sure => true,
            },
        }
    }

    /// Whether something removes what was added, here or in the helper that adds it.
    #[must_use]
    pub fn is_removed(&self, addition: &Addition) -> bool {
        addition.removes_itself
            || self.removals.iter().any(|removal| Self::removes(removal, addition))
            || addition.inner.is_some_and(|inner| self.is_removed(&self.additions[inner]))
    }

    /// The addition whose handler contains `function`, or is it.
    #[must_use]
    pub fn handled_by(&self, facts: &Facts<'_>, function: FunctionRef) -> Option<(FunctionRef, &Addition)> {
        let mut at = function;
        loop {
            if let Some(index) = self.handlers.get(&at) {
                return Some((at, &self.additions[*index]));
            }
            at = at.sibling(facts.program.function(at).parent?);
        }
    }
}

impl Removal {
    /// Whether it removes from the target of an addition. Two imports of one file are different things.
    #[must_use]
    pub fn target_likeness(&self, addition: &Addition) -> Likeness {
        let file = self.at.function.file;
        let is_import = |place: &PlaceId| match place {
            PlaceId::External(_) => true,
            PlaceId::Variable(id, path) => path.is_empty() && id.file != file,
            _ => false,
        };
        let (here, there) = (&self.target.place, &addition.target.place);
        let are_two = here != there && file == addition.at.function.file && is_import(here) && is_import(there);
        if are_two { Likeness::No } else { self.target.likeness(&addition.target) }
    }

    /// Whether it stands in the same file or class as an addition.
    #[must_use]
    pub fn is_near(&self, addition: &Addition) -> bool {
        self.at.function.file == addition.at.function.file || (self.class.is_some() && self.class == addition.class)
    }
}

impl Capture {
    /// Whether two flags may be the same.
    #[must_use]
    pub fn agrees(self, other: Self) -> bool {
        !matches!((self, other), (Self::Is(a), Self::Is(b)) if a != b)
    }
}

impl Target {
    /// Whether two targets are the same.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> Likeness {
        let (a, b) = (&self.place, &other.place);
        if (*a != PlaceId::Fresh && a == b) || (a.is_global_object() && b.is_global_object()) {
            return Likeness::Sure;
        }
        match (a, b) {
            (PlaceId::Global(_), PlaceId::Global(_)) => Likeness::No,
            _ => identity::overlap(&self.values, &other.values),
        }
    }
}

/// How long a target lives.
fn life(facts: &Facts<'_>, at: OpRef, place: &PlaceId, values: &Values, global_targets: &[String]) -> Life {
    match place {
        PlaceId::Global(path) => {
            let is_listed = path.first().is_some_and(|first| global_targets.iter().any(|target| target == first));
            return if path.is_empty() || is_listed { Life::Global } else { Life::Unknown };
        }
        PlaceId::External(_) => return Life::Module,
        PlaceId::Variable(id, path) if path.is_empty() => {
            let variable = facts.program.variable(*id);
            let definitions = facts.program.index(id.file).of_variable(id.variable);
            if variable.owner == FunctionId::INITIALISER
                && matches!(variable.binding, Binding::Value)
                && !definitions.is_empty()
                && definitions.iter().all(|definition| definition.function == FunctionId::INITIALISER)
            {
                return Life::Module;
            }
        }
        _ => {}
    }
    if let PlaceId::Field(class, path) = place
        && let [field] = path.as_slice()
        && is_fetched(facts, *class, field)
    {
        return Life::Fetched;
    }
    for id in values.resources() {
        let acquisition = facts.evaluator.acquisition(id);
        let first = facts.origins(&acquisition).pop().unwrap_or_else(|| acquisition.clone());
        if is_pooled(facts, &first) && acquisition.at.function == at.function {
            return Life::Leased(id);
        }
        let is_kept = facts
            .frequencies
            .memo(&facts.evaluator, acquisition.at)
            .is_some_and(|memo| memo.lifetime == Lifetime::Process);
        if is_kept && acquisition.at.function != at.function {
            return Life::Shared;
        }
    }
    Life::Unknown
}

/// Whether a lease keeps its listeners when it is given back, for the next who leases it.
fn is_pooled(facts: &Facts<'_>, acquisition: &Acquisition) -> bool {
    let How::Leased { giver, .. } = acquisition.how else { return false };
    let is_of_a_pool = giver.is_none_or(|giver| facts.kind(&facts.evaluator.acquisition(giver)) == ResourceKind::Pool);
    is_of_a_pool && facts.kind(acquisition) == ResourceKind::Lease
}

/// Whether a field is only assigned from a getter of something that outlives the instance.
fn is_fetched(facts: &Facts<'_>, class: ClassRef, field: &Field) -> bool {
    let Some(name) = field.name() else { return false };
    let definitions = facts.program.index(class.file).of_field(class.class, &Name::new(name));
    !definitions.is_empty()
        && definitions.iter().all(|definition| {
            let function = FunctionRef::new(class.file, definition.function);
            let at = function.definition(definition);
            let OpKind::Assign {
                value: Rvalue::Use(Operand::Place(value)) | Rvalue::Await(Operand::Place(value)), ..
            } = &facts.program.op(at).kind
            else {
                return false;
            };
            let Root::Temp(temp) = value.root else { return false };
            let [made] = facts.program.index(class.file).of_temp(definition.function, temp) else { return false };
            let made = function.definition(made);
            facts.program.op(made).call().is_some_and(|call| is_getter(facts, function, call))
        })
}

fn is_getter(facts: &Facts<'_>, function: FunctionRef, call: &Call) -> bool {
    let Some(place) = call.callee.place() else { return false };
    let outlives = match &place.root {
        Root::Global(name) => !matches!(name.as_str(), "document" | "window"),
        Root::Variable(id) => {
            let variable = facts.program.variable(function.variable(*id));
            matches!(variable.binding, Binding::Import(_)) && !place.path.is_empty()
        }
        _ => false,
    };
    let name = call.method_name().unwrap_or_default();
    let is_named = name.strip_prefix("get").is_some_and(|rest| rest.starts_with(|first: char| first.is_uppercase()));
    outlives && is_named && call.kind == CallKind::Call
}
