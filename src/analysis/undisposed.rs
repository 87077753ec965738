//! Undisposed: what the project's own code says has to be disposed of, and a function drops.
//!
//! A class that has `[Symbol.dispose]` says that its instances have an end which somebody has to bring about (the
//! must-call of the Checker Framework), and so does a literal that has it. Where the program ends some of them by that,
//! one that goes nowhere and is not ended is the mistake.
//!
//! Takes the facts; gives the calls whose results are dropped. What somebody else may end says nothing.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::deviants::Uses;
use crate::analysis::evaluate::CallTarget;
use crate::analysis::facts::{Facts, is_teardown};
use crate::analysis::frequency::Rate;
use crate::analysis::value::Value;
use crate::ir::{CallKind, Name, OpKind, Root, is_disposal};
use crate::linking::{ClassRef, FunctionRef, OpRef};

/// A call whose result nobody disposes of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undisposed {
    pub at: OpRef,
    /// Where it is made, if the call only hands it on.
    pub made: OpRef,
    /// What would dispose of it.
    pub disposal: FunctionRef,
}

/// What is dropped undisposed, in the program's order.
#[must_use]
pub fn undisposed(facts: &Facts<'_>) -> Vec<Undisposed> {
    let classes = classes(facts);
    let mut made = made(facts, &classes);
    made.extend(literals(facts));
    if made.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut is_practised = practises_using(facts);
    let mut asked: FxHashSet<OpRef> = FxHashSet::default();
    let mut work: Vec<Undisposed> = made;
    while let Some(one) = work.pop() {
        if !asked.insert(one.at) {
            continue;
        }
        let uses = Uses::of(facts, one.at);
        is_practised |= !uses.endings.is_empty();
        let is_own = facts.program.this_class(one.at.function).is_some_and(|class| classes.contains_key(&class));
        if uses.is_returned && !uses.escapes {
            // Whoever calls the function has it from there on.
            let calls = calls_of_alone(facts, one.at.function);
            work.extend(calls.map(|at| Undisposed { at, ..one }));
        } else if !uses.escapes
            && uses.endings.is_empty()
            && !is_own
            && facts.is_held_to_account(one.at.function)
            && facts.rate(one.at) > Rate::Once
        {
            found.push(one);
        }
    }
    found.retain(|_| is_practised);
    found.sort_by_key(|one| one.at);
    found
}

/// The classes whose instances have to be disposed of, with what does it.
fn classes(facts: &Facts<'_>) -> FxHashMap<ClassRef, FunctionRef> {
    let program = facts.program;
    let own = |class: &ClassRef| {
        let mut members = program.members(*class);
        let disposal = members.find(|(_, member)| !member.is_static && is_disposal(&member.name))?.0;
        (does_something(facts, disposal) && !ends_by_itself(facts, *class, disposal)).then_some((*class, disposal))
    };
    let mut found: FxHashMap<ClassRef, FunctionRef> = program.classes().filter_map(|class| own(&class)).collect();
    let mut before = 0;
    while before < found.len() {
        before = found.len();
        let inherited: Vec<(ClassRef, FunctionRef)> = program
            .classes()
            .filter(|class| !found.contains_key(class))
            .filter_map(|class| Some((class, *found.get(&facts.evaluator.base_class(class)?)?)))
            .collect();
        found.extend(inherited);
    }
    found
}

/// Where instances of the classes are made.
fn made(facts: &Facts<'_>, classes: &FxHashMap<ClassRef, FunctionRef>) -> Vec<Undisposed> {
    let mut found = Vec::new();
    for function in facts.program.functions().filter(|it| !classes.is_empty() && is_asked(facts, *it)) {
        for (block, index, op) in facts.program.function(function).ops() {
            if op.call().is_none_or(|call| call.kind != CallKind::New) {
                continue;
            }
            let at = function.op(block, index);
            let targets = &facts.evaluator.callee(at).targets;
            let disposal = targets.iter().find_map(|target| match target {
                CallTarget::Construct(class) => classes.get(class).copied(),
                _ => None,
            });
            found.extend(disposal.map(|disposal| Undisposed { at, made: at, disposal }));
        }
    }
    found
}

/// The calls of functions that give a literal which has to be disposed of.
fn literals(facts: &Facts<'_>) -> Vec<Undisposed> {
    let program = facts.program;
    let made = program.modules().flat_map(|module| {
        let literals = program.index(module.file).disposable_literals();
        literals.iter().map(|made| FunctionRef::new(module.file, made.function).definition(made))
    });
    let mut found = Vec::new();
    for made in made {
        let maker = made.function;
        let OpKind::Assign { value, .. } = &program.op(made).kind else { continue };
        let disposal = value.disposal().map(|disposal| maker.sibling(disposal));
        let Some(disposal) = disposal.filter(|it| does_something(facts, *it)) else { continue };
        let is_given = |value: &Value| matches!(value, Value::Object { at, .. } if *at == made);
        if facts.evaluator.returns(maker).iter().any(is_given) {
            let calls = calls_of_alone(facts, maker).filter(|at| is_asked(facts, at.function));
            found.extend(calls.map(|at| Undisposed { at, made, disposal }));
        }
    }
    found
}

/// The calls of a function that call no other.
fn calls_of_alone<'f>(facts: &'f Facts<'_>, function: FunctionRef) -> impl Iterator<Item = OpRef> + 'f {
    let calls = facts.calls.callers(facts.program, function).iter().copied();
    calls.filter(move |at| facts.called(*at) == [function])
}

/// Whether a class ends its instances in the course of other work as well: a cursor when there is no more to read.
fn ends_by_itself(facts: &Facts<'_>, class: ClassRef, disposal: FunctionRef) -> bool {
    let program = facts.program;
    let own_calls = |function: FunctionRef| {
        let calls = program.function(function).ops().filter_map(|(_, _, op)| op.call()?.receiver());
        calls
            .filter(|(receiver, _)| receiver.root == Root::This && receiver.path.is_empty())
            .filter_map(|(_, method)| method.name().map(Name::new))
    };
    let ends: FxHashSet<Name> = own_calls(disposal).chain(["@@dispose", "@@asyncDispose"].map(Name::new)).collect();
    let others =
        program.members(class).filter(|(_, member)| !is_teardown(&member.name) && !ends.contains(&member.name));
    let mut work: Vec<FunctionRef> = others.map(|(function, _)| function).filter(|it| *it != disposal).collect();
    while let Some(function) = work.pop() {
        if own_calls(function).any(|name| ends.contains(&name)) {
            return true;
        }
        let children = program.index(function.file).children(function.function);
        work.extend(children.iter().map(|child| function.sibling(*child)));
    }
    false
}

fn is_asked(facts: &Facts<'_>, function: FunctionRef) -> bool {
    !facts.evaluator.drops_implicitly(function)
}

/// Whether a disposal calls anything: one that has nothing to do is there for a type.
fn does_something(facts: &Facts<'_>, disposal: FunctionRef) -> bool {
    is_asked(facts, disposal) && facts.program.function(disposal).ops().any(|(_, _, op)| op.call().is_some())
}

/// Whether anything in the program is disposed of by the end of a scope.
fn practises_using(facts: &Facts<'_>) -> bool {
    let disposes = |function: FunctionRef| {
        facts.program.function(function).ops().any(|(_, _, op)| matches!(op.kind, OpKind::Dispose { .. }))
    };
    facts.program.functions().any(|function| is_asked(facts, function) && disposes(function))
}
