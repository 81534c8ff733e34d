//! Sets of small numbers.

/// A set of numbers below a fixed size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    size: usize,
}

impl Bits {
    /// No number.
    pub fn none(size: usize) -> Self {
        Self { words: vec![0; size.div_ceil(64)], size }
    }

    /// Every number below `size`.
    pub fn all(size: usize) -> Self {
        let mut bits = Self::none(size);
        (0..size).for_each(|number| bits.insert(number));
        bits
    }

    /// These numbers, as far as they are below `size`.
    pub fn of(size: usize, numbers: impl IntoIterator<Item = usize>) -> Self {
        let mut bits = Self::none(size);
        numbers.into_iter().for_each(|number| bits.insert(number));
        bits
    }

    /// Adds a number.
    pub fn insert(&mut self, number: usize) {
        if number < self.size
            && let Some(word) = self.words.get_mut(number / 64)
        {
            *word |= 1 << (number % 64);
        }
    }

    /// Whether it has no number.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The numbers of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// The numbers of either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// The numbers that `other` does not have.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    /// The numbers it does not have.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::all(self.size).without(self)
    }

    /// Its numbers, the least first.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        numbers(&self.words)
    }

    /// Its words, 64 numbers in each.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    fn zip(&self, other: &Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| combine(*a, *b)).collect();
        Self { words, size: self.size }
    }
}

/// The numbers of a set that is given by its words, the least first.
pub fn numbers(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(index, word)| {
        (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 64 + bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sets() {
        let (a, b) = (Bits::of(130, [0, 64, 129, 500]), Bits::of(130, [64, 65]));
        assert_eq!(a.iter().collect::<Vec<_>>(), [0, 64, 129]);
        assert_eq!(a.and(&b), Bits::of(130, [64]));
        assert_eq!(a.or(&b), Bits::of(130, [0, 64, 65, 129]));
        assert_eq!(a.without(&b), Bits::of(130, [0, 129]));
        assert_eq!(a.complement().complement(), a);
        assert!(a.and(&a.complement()).is_empty() && !a.is_empty());
    }
}
