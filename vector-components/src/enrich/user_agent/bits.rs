//! Sets of small numbers.

use std::ops::Range;

/// Numbers below `N` times 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits<const N: usize>([u64; N]);

impl<const N: usize> Default for Bits<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Bits<N> {
    /// Numbers that fit.
    pub const LEN: usize = N * 64;

    /// All of them.
    pub fn all() -> Self {
        Self([u64::MAX; N])
    }

    /// Whether it is in the set.
    pub fn has(&self, number: u16) -> bool {
        self.0[usize::from(number / 64)] >> (number % 64) & 1 == 1
    }

    /// Puts it in.
    pub fn add(&mut self, number: u16) {
        self.0[usize::from(number / 64)] |= 1 << (number % 64);
    }

    /// Those of a range, in order.
    pub fn within(self, range: Range<usize>) -> Within<N> {
        let end = range.end.min(Self::LEN);
        let at = (range.start / 64).min(N);
        let word = self.0.get(at).map_or(0, |word| word & (u64::MAX << (range.start % 64)));
        Within { bits: self, at, word, end }
    }
}

/// The numbers of a range that are in a set.
pub struct Within<const N: usize> {
    bits: Bits<N>,
    at: usize,
    /// What is left of the word there.
    word: u64,
    end: usize,
}

impl<const N: usize> Iterator for Within<N> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        while self.word == 0 {
            self.at += 1;
            if self.at * 64 >= self.end {
                return None;
            }
            self.word = self.bits.0[self.at];
        }
        let number = self.at * 64 + self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        if number < self.end { u16::try_from(number).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_order_and_within_the_range() {
        let mut bits = Bits::<3>::default();
        [190, 64, 0, 63, 64].into_iter().for_each(|number| bits.add(number));
        assert_eq!(bits.within(0..Bits::<3>::LEN).collect::<Vec<_>>(), [0, 63, 64, 190]);
        assert_eq!(bits.within(1..190).collect::<Vec<_>>(), [63, 64]);
        assert_eq!(bits.within(64..64).chain(bits.within(191..500)).count(), 0);
        assert!(bits.has(190) && !bits.has(1));
        assert_eq!(Bits::<1>::all().within(60..64).count(), 4);
    }
}
