//! Cycles: paths through the edges that lead back to where they began.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::{BlockId, Holding, Name};

/// Something that holds itself.
#[derive(Debug)]
pub struct Cycle {
    /// The operation that closes it.
    pub at: (BlockId, u32),
    /// What each edge is held in, where it is a field.
    pub fields: Vec<Name>,
    /// The numbers of what is held and has to be shared for it.
    pub shared: Vec<usize>,
}

impl Holding {
    /// The edges by which `from` holds `to`, over others; empty where they are one.
    #[must_use]
    pub fn path(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        self.path_before(&self.edges_by_owner(), from, to, self.edges.len())
    }

    /// The same by the edges before one.
    fn path_before(&self, by_owner: &[Vec<usize>], from: usize, to: usize, end: usize) -> Option<Vec<usize>> {
        let (from, to) = (self.find(from), self.find(to));
        let mut came_by: FxHashMap<usize, Option<usize>> = FxHashMap::default();
        came_by.insert(from, None);
        let mut work = vec![from];
        while let Some(at) = work.pop() {
            if at == to {
                let mut path = Vec::new();
                let mut edge = came_by[&at];
                while let Some(index) = edge {
                    path.push(index);
                    edge = came_by[&self.find(self.edges[index].owner)];
                }
                path.reverse();
                return Some(path);
            }
            for index in by_owner[at].iter().copied().filter(|index| *index < end) {
                let next = self.find(self.edges[index].held);
                if let Entry::Vacant(slot) = came_by.entry(next) {
                    slot.insert(Some(index));
                    work.push(next);
                }
            }
        }
        None
    }

    /// By number: the edges from what it stands for.
    fn edges_by_owner(&self) -> Vec<Vec<usize>> {
        let mut edges = vec![Vec::new(); self.same.len()];
        for (index, edge) in self.edges.iter().enumerate() {
            edges[self.find(edge.owner)].push(index);
        }
        edges
    }

    /// By number: whether it may be part of a cycle. What holds nothing, or is held by nothing, is not, nor what is held by
    /// such only: mostly that leaves none.
    fn may_be_in_cycle(&self, by_owner: &[Vec<usize>]) -> Vec<bool> {
        let mut held_by = vec![0_usize; self.same.len()];
        for edge in &self.edges {
            held_by[self.find(edge.held)] += 1;
        }
        let mut may_be = vec![true; self.same.len()];
        let mut work: Vec<usize> = (0..self.same.len()).filter(|number| held_by[*number] == 0).collect();
        while let Some(number) = work.pop() {
            may_be[number] = false;
            for index in &by_owner[number] {
                let held = self.find(self.edges[*index].held);
                held_by[held] -= 1;
                if held_by[held] == 0 {
                    work.push(held);
                }
            }
        }
        may_be
    }

    /// The cycles, each by the operation that closes it.
    #[must_use]
    pub fn cycles(&self) -> Vec<Cycle> {
        let by_owner = self.edges_by_owner();
        let may_be_in_cycle = self.may_be_in_cycle(&by_owner);
        let mut found = Vec::new();
        for (index, edge) in self.edges.iter().enumerate() {
            if !may_be_in_cycle[self.find(edge.owner)] {
                continue;
            }
            let Some(path) = self.path_before(&by_owner, edge.held, edge.owner, index) else { continue };
            // What has been put somewhere and only then gets hold of the next has to be in both places; what was put together
            // first may be moved, and what is looked at where it is has been put nowhere. What holds that cannot be moved into
            // it, though.
            let put = |index: usize| !self.edges[index].borrowed;
            let later = path.windows(2).filter(|pair| pair[1] > pair[0] && put(pair[0]));
            let mut shared: Vec<usize> = later.map(|pair| self.edges[pair[0]].held).collect();
            if path.last().is_none_or(|last| put(*last)) {
                shared.push(edge.owner);
            }
            if !path.iter().all(|index| put(*index)) {
                shared.push(edge.held);
            }
            let edges = path.iter().map(|index| &self.edges[*index]).chain([edge]);
            let fields = edges.filter_map(|edge| edge.field.clone()).collect();
            found.push(Cycle { at: edge.at, fields, shared: shared.into_iter().map(|it| self.find(it)).collect() });
        }
        found
    }
}
