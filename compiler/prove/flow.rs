//! A set of packets on its way through the host.

use super::bits::Bits;
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    axes: Vec<Bits>,
}

impl Region {
    /// Every packet.
    pub fn all(space: &Space) -> Self {
        Self { axes: AXES.iter().map(|axis| Bits::all(space.size(*axis))).collect() }
    }

    /// No packet.
    pub fn none() -> Self {
        Self { axes: Vec::new() }
    }

    /// What it has on an axis.
    pub fn get(&self, axis: Axis) -> &Bits {
        // There is one for each axis.
        self.axes.get(axis as usize).unwrap_or(const { &Bits::nothing() })
    }

    /// Puts a set in the place of what it has on an axis.
    pub fn set(&mut self, axis: Axis, bits: Bits) {
        if let Some(place) = self.axes.get_mut(axis as usize) {
            *place = bits;
        }
    }

    /// The part that is in `bits` on an axis. None if there is none.
    pub fn with(&self, axis: Axis, bits: &Bits) -> Option<Self> {
        let part = self.get(axis).and(bits);
        (!part.is_empty()).then(|| {
            let mut region = self.clone();
            region.set(axis, part);
            region
        })
    }

    /// The part that a block describes. None if there is none.
    pub fn within(&self, block: &Block) -> Option<Self> {
        block.iter().try_fold(self.clone(), |region, (axis, bits)| region.with(*axis, bits))
    }

    /// The packets that `other` does not have, in parts that share none.
    pub fn without(&self, other: &Self) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut common = self.clone();
        for axis in AXES {
            let outside = common.get(axis).without(other.get(axis));
            let inside = common.get(axis).and(other.get(axis));
            if !outside.is_empty() {
                let mut part = common.clone();
                part.set(axis, outside);
                parts.push(part);
            }
            if inside.is_empty() {
                return parts;
            }
            common.set(axis, inside);
        }
        parts
    }
}

/// What is left of `region` without all of `others`.
pub fn subtract(region: &Region, others: &[Region]) -> Vec<Region> {
    others.iter().fold(vec![region.clone()], |parts, other| {
        parts.iter().flat_map(|part| part.without(other)).collect()
    })
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
        let now = self.now.with(axis, bits)?;
        let came_as = match self.moved.iter().find(|(moved, _)| *moved == axis) {
            None => Some(axis),
            Some((_, source)) => *source,
        };
        let entry = match came_as {
            Some(axis) => self.entry.with(axis, bits)?,
            None => self.entry.clone(),
        };
        Some(Self { entry, now, steps: self.steps.clone(), moved: self.moved.clone() })
    }

    /// The part that a block describes, and the parts that it does not.
    pub fn split(self, block: &Block) -> (Option<Self>, Vec<Self>) {
        let mut rest = Vec::new();
        let mut inside = self;
        for (axis, bits) in block {
            rest.extend(inside.with(*axis, &bits.complement()));
            match inside.with(*axis, bits) {
                Some(part) => inside = part,
                None => return (None, rest),
            }
        }
        (Some(inside), rest)
    }

    /// Translates an axis: it now is what `bits` says or, if that is given, what the axis `from` was.
    pub fn translate(&mut self, axis: Axis, bits: Bits, from: Option<Axis>) {
        self.now.set(axis, bits);
        self.moved.retain(|(moved, _)| *moved != axis);
        self.moved.push((axis, from));
    }
}
