//! Events of visitors who are one person, put together.

use super::{
    items::Item,
    partitions::{PARTITIONS, partition_of, threads},
};
use crate::people::People;

/// Gives the events of linked visitors to their persons, each in the person's own partition. A partition is
/// looked up in the links of the same partition, which are few enough to stay in the processor's cache.
pub fn join<const N: usize, T: Item<N>>(partitions: &mut [Vec<T>], people: &People) {
    if people.is_empty() {
        return;
    }
    let part = partitions.len().div_ceil(threads());
    let moved: Vec<Vec<Vec<T>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = partitions
            .chunks_mut(part)
            .map(|partitions| scope.spawn(move || take_linked(partitions, people)))
            .collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(moved) => moved,
            // A panic is a defect; it is passed on, not hidden in the numbers.
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    });
    for moved in moved {
        partitions.iter_mut().zip(moved).for_each(|(partition, moved)| partition.extend(moved));
    }
}

/// Takes the events of linked visitors out, by the partition of their person.
fn take_linked<const N: usize, T: Item<N>>(partitions: &mut [Vec<T>], people: &People) -> Vec<Vec<T>> {
    let mut moved: Vec<Vec<T>> = (0..PARTITIONS).map(|_| Vec::new()).collect();
    for partition in partitions {
        // A visitor's events of one day come one after another.
        let mut last = None;
        partition.retain(|item| {
            let visitor = item.actor();
            let person = match last {
                Some((known, person)) if known == visitor => person,
                _ => people.person_of(visitor),
            };
            last = Some((visitor, person));
            if let Some(person) = person {
                moved[partition_of(person)].push(item.of(person));
            }
            person.is_none()
        });
    }
    moved
}
