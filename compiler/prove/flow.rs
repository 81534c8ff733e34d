//! A set of packets on its way through the host.

use super::bits::{self, Bits};
use super::space::{AXES, Axis, Block, Space};

/// A rule that was applied: the table it is of, by its place in the list, and its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Which table.
    pub table: usize,
    /// Which line of its file.
    pub line: usize,
}

/// All packets whose properties are, one by one, in the sets of an axis.
///
/// The sets lie in one piece of memory: regions are split and copied all the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    words: Vec<u64>,
    /// Where the words of each axis begin, and at the end where the last ends.
    starts: [usize; AXES.len() + 1],
}

/// How a region lies to a set on an axis.
enum Lies {
    Inside,
    Outside,
    Across,
}

impl Region {
    /// Every packet.
    pub fn all(space: &Space) -> Self {
        let mut region = Self::none();
        for (index, axis) in AXES.iter().enumerate() {
            region.words.extend(Bits::all(space.size(*axis)).words());
            if let Some(start) = region.starts.get_mut(index + 1) {
                *start = region.words.len();
            }
        }
        region
    }

    /// No packet.
    pub fn none() -> Self {
        Self { words: Vec::new(), starts: [0; AXES.len() + 1] }
    }

    /// The numbers it has on an axis, the least first.
    pub fn iter(&self, axis: Axis) -> impl Iterator<Item = usize> {
        bits::numbers(self.words_of(axis))
    }

    /// What it has on an axis.
    pub fn get(&self, axis: Axis, space: &Space) -> Bits {
        space.of(axis, self.iter(axis))
    }

    /// Puts a set in the place of what it has on an axis.
    pub fn set(&mut self, axis: Axis, bits: &Bits) {
        self.words_of_mut(axis).copy_from_slice(bits.words());
    }

    /// The part that is in `bits` on an axis. None if there is none.
    pub fn with(&self, axis: Axis, bits: &Bits) -> Option<Self> {
        let mut part = self.clone();
        part.keep(axis, bits.words()).then_some(part)
    }

    /// The part that a block describes. None if there is none.
    pub fn within(&self, block: &Block) -> Option<Self> {
        let mut part = self.clone();
        block.iter().all(|(axis, bits)| part.keep(*axis, bits.words())).then_some(part)
    }

    /// Whether some packet is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        AXES.iter().all(|axis| !matches!(self.lies(*axis, other.words_of(*axis)), Lies::Outside))
    }

    /// The packets that `other` does not have, in parts that share none.
    pub fn without(&self, other: &Self) -> Vec<Self> {
        if !self.overlaps(other) {
            return vec![self.clone()];
        }
        let mut parts = Vec::new();
        let mut common = self.clone();
        for axis in AXES {
            let theirs = other.words_of(axis);
            if common.words_of(axis).iter().zip(theirs).any(|(mine, theirs)| mine & !theirs != 0) {
                let mut part = common.clone();
                for (mine, theirs) in part.words_of_mut(axis).iter_mut().zip(theirs) {
                    *mine &= !theirs;
                }
                parts.push(part);
            }
            common.keep(axis, theirs);
        }
        parts
    }

    fn words_of(&self, axis: Axis) -> &[u64] {
        let at = axis as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(start), Some(end)) => self.words.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }

    fn words_of_mut(&mut self, axis: Axis) -> &mut [u64] {
        let at = axis as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(start), Some(end)) => self.words.get_mut(*start..*end).unwrap_or_default(),
            _ => &mut [],
        }
    }

    /// Keeps what is in the set; whether anything is left.
    fn keep(&mut self, axis: Axis, words: &[u64]) -> bool {
        let mut left = 0;
        for (mine, theirs) in self.words_of_mut(axis).iter_mut().zip(words) {
            *mine &= theirs;
            left |= *mine;
        }
        left != 0
    }

    fn lies(&self, axis: Axis, words: &[u64]) -> Lies {
        let (mut inside, mut outside) = (0, 0);
        for (mine, theirs) in self.words_of(axis).iter().zip(words) {
            inside |= mine & theirs;
            outside |= mine & !theirs;
        }
        match (inside, outside) {
            (0, _) => Lies::Outside,
            (_, 0) => Lies::Inside,
            _ => Lies::Across,
        }
    }
}

/// What is left of `region` without all of `others`.
pub fn subtract(region: &Region, others: &[Region]) -> Vec<Region> {
    others.iter().fold(vec![region.clone()], |parts, other| {
        parts.iter().flat_map(|part| part.without(other)).collect()
    })
}

/// Takes out the flows for which `wanted` holds. The others stay where they are, in some order: most of many
/// flows have nothing to do with one of many rules.
pub fn take(flows: &mut Vec<Flow>, wanted: impl Fn(&Flow) -> bool) -> Vec<Flow> {
    let mut taken = Vec::new();
    let mut index = 0;
    while let Some(flow) = flows.get(index) {
        if wanted(flow) {
            taken.push(flows.swap_remove(index));
        } else {
            index += 1;
        }
    }
    taken
}

/// Packets on their way: as they came, as they are now, and the rules that decided on them.
#[derive(Debug, Clone)]
pub struct Flow {
    /// As they came in.
    pub entry: Region,
    /// As they are now, after translation.
    pub now: Region,
    /// The rules that applied.
    pub steps: Vec<Step>,
    /// Axes that were translated, and the axis of the entry that now says what they are.
    moved: Vec<(Axis, Option<Axis>)>,
}

impl Flow {
    /// Packets that come in.
    pub fn new(region: Region) -> Self {
        Self { entry: region.clone(), now: region, steps: Vec::new(), moved: Vec::new() }
    }

    /// The part that is in `bits` on an axis. None if there is none.
    pub fn with(&self, axis: Axis, bits: &Bits) -> Option<Self> {
        let mut part = self.clone();
        part.keep(axis, bits).then_some(part)
    }

    fn keep(&mut self, axis: Axis, bits: &Bits) -> bool {
        if !self.now.keep(axis, bits.words()) {
            return false;
        }
        let came_as = match self.moved.iter().find(|(moved, _)| *moved == axis) {
            None => Some(axis),
            Some((_, source)) => *source,
        };
        came_as.is_none_or(|axis| self.entry.keep(axis, bits.words()))
    }

    /// Whether a block describes none of it.
    pub fn misses(&self, block: &Block) -> bool {
        block.iter().any(|(axis, bits)| matches!(self.now.lies(*axis, bits.words()), Lies::Outside))
    }

    /// The part that a block describes, and the parts that it does not.
    pub fn split(self, block: &Block) -> (Option<Self>, Vec<Self>) {
        let mut rest = Vec::new();
        let mut inside = self;
        for (axis, bits) in block {
            match inside.now.lies(*axis, bits.words()) {
                Lies::Inside => {}
                Lies::Outside => {
                    rest.push(inside);
                    return (None, rest);
                }
                Lies::Across => {
                    rest.extend(inside.with(*axis, &bits.complement()));
                    if !inside.keep(*axis, bits) {
                        return (None, rest);
                    }
                }
            }
        }
        (Some(inside), rest)
    }

    /// Translates an axis: it now is what `bits` says or, if that is given, what the axis `from` was.
    pub fn translate(&mut self, axis: Axis, bits: &Bits, from: Option<Axis>) {
        self.now.set(axis, bits);
        self.moved.retain(|(moved, _)| *moved != axis);
        self.moved.push((axis, from));
    }
}
