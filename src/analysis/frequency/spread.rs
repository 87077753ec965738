//! How rates propagate along calls: as maxima, to a fixpoint.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::linking::{FunctionRef, OpRef};

use super::solver::Solver;
use super::{Evidence, Frequencies, Frequency, Node, Rate};

impl Solver<'_, '_> {
    pub(super) fn solve(mut self) -> Frequencies {
        let mut frequencies = Frequencies {
            nodes: Arc::default(),
            memos: RefCell::default(),
            keeping: RefCell::new(vec![None; self.evaluator.program.numbers().functions()]),
            memoised: Arc::new(std::mem::take(&mut self.memoised)),
            lifecycles: Arc::new(std::mem::take(&mut self.lifecycles)),
            of_programs: Arc::new(self.of_programs()),
        };
        let mut work = Vec::new();
        let is_call = |at: &OpRef| self.evaluator.program.op(*at).call().is_some();
        let called: FxHashSet<Node> = self
            .edges
            .values()
            .chain(self.possible.values())
            .flatten()
            .filter(|(_, at)| is_call(at))
            .map(|(to, _)| *to)
            .collect();
        // Where the framework says that it calls something once, nobody else is presumed to.
        let once: FxHashSet<Node> = self
            .roots
            .iter()
            .filter(|(_, frequency)| {
                frequency.rate == Rate::Once && matches!(frequency.evidence, Evidence::Entry { .. })
            })
            .map(|(node, _)| *node)
            .collect();
        for (node, frequency) in self.public.drain(..).filter(|(node, _)| !once.contains(node)) {
            raise(Arc::make_mut(&mut frequencies.nodes), node, frequency, &mut work);
        }
        let mut put_off = Vec::new();
        for (node, frequency) in self.roots.drain(..) {
            // What is exported (or a method) and called by the program itself is judged by those calls; "whenever
            // somebody calls it" is for what nobody here does.
            let is_memoised = matches!(node, Node::Function(it) if frequencies.memoised.contains(&it));
            if frequency.rate == Rate::PerCall && (called.contains(&node) || once.contains(&node) || is_memoised) {
                put_off.push((node, frequency));
                continue;
            }
            raise(Arc::make_mut(&mut frequencies.nodes), node, frequency, &mut work);
        }
        self.spread(&mut frequencies, &mut work);
        // Functions that call each other and that nobody else calls: somebody outside has to begin.
        for (node, frequency) in put_off {
            if !frequencies.nodes.contains_key(&node) && self.calls_itself(node) {
                raise(Arc::make_mut(&mut frequencies.nodes), node, frequency, &mut work);
                self.spread(&mut frequencies, &mut work);
            }
        }
        frequencies
    }

    /// Whether a function leads back to itself by calls.
    fn calls_itself(&self, node: Node) -> bool {
        let mut seen = FxHashSet::default();
        let mut work = vec![node];
        while let Some(Node::Function(function)) = work.pop() {
            for (to, _) in self.edges.get(&function).into_iter().flatten() {
                if *to == node {
                    return true;
                }
                if matches!(to, Node::Function(_)) && seen.insert(*to) {
                    work.push(*to);
                }
            }
        }
        false
    }

    /// Lets rates go along calls until they stand still.
    fn spread(&self, frequencies: &mut Frequencies, work: &mut Vec<Node>) {
        while let Some(node) = work.pop() {
            let Node::Function(function) = node else {
                let Node::Class(class) = node else { continue };
                let rate = frequencies.nodes[&node].rate;
                let body = self.evaluator.program.class(class);
                for part in [body.instance_initialiser, body.constructor].into_iter().flatten() {
                    let evidence = frequencies.nodes[&node].evidence.clone();
                    let part = Node::Function(FunctionRef::new(class.file, part));
                    raise(Arc::make_mut(&mut frequencies.nodes), part, Frequency { rate, evidence }, work);
                }
                if let Some(base) = self.evaluator.base_class(class) {
                    let evidence = frequencies.nodes[&node].evidence.clone();
                    raise(Arc::make_mut(&mut frequencies.nodes), Node::Class(base), Frequency { rate, evidence }, work);
                }
                continue;
            };
            // Only what is kept for an instance comes at another rate than its line, or a lower one.
            let is_of_instance = self.evaluator.program.this_class(function).is_some();
            for (to, at) in self.edges.get(&function).into_iter().flatten() {
                if matches!(to, Node::Function(to) if frequencies.memoised.contains(to)) {
                    continue;
                }
                let line = frequencies.of_line(self.evaluator, *at);
                let is_iterated = self.iterations.contains(at);
                let most = if is_iterated { line.max(Rate::PerTurn) } else { line };
                if !is_of_instance && frequencies.nodes.get(to).is_some_and(|known| known.rate >= most) {
                    continue;
                }
                let rate = match frequencies.kept(self.evaluator, *at, line) {
                    Rate::Once if is_iterated => Rate::PerTurn,
                    rate => rate,
                };
                if rate > Rate::Never {
                    let frequency = Frequency { rate, evidence: Evidence::Called { at: *at } };
                    raise(Arc::make_mut(&mut frequencies.nodes), *to, frequency, work);
                }
            }
            // What may be called is not taken to be called as often as the line runs: in a loop of what runs once it is
            // one of many, and otherwise nobody knows how often.
            for (to, at) in self.possible.get(&function).into_iter().flatten() {
                let rate = match frequencies.of_op(self.evaluator, *at) {
                    Rate::PerTurn => Rate::Once,
                    rate => rate.min(Rate::PerCall),
                };
                if rate > Rate::Never {
                    // It shows that somebody may, not who.
                    raise(
                        Arc::make_mut(&mut frequencies.nodes),
                        *to,
                        Frequency { rate, evidence: Evidence::None },
                        work,
                    );
                }
            }
        }
    }
}

fn raise(nodes: &mut FxHashMap<Node, Frequency>, node: Node, frequency: Frequency, work: &mut Vec<Node>) {
    match nodes.get(&node) {
        Some(known) if known.rate >= frequency.rate => {}
        _ => {
            nodes.insert(node, frequency);
            work.push(node);
        }
    }
}
