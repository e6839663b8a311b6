//! Long computations that are polite to the others.

use futures::FutureExt as _;
use tokio::task::yield_now;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "prime_sieve",
    kind: Kind::Healthy,
    scenario: "H-21",
    about: "CPU work that yields after each piece",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        tokio::spawn(some_work(visitor.number));
        // One at a time, for some seconds of a machine that has other things to do.
        if visitor.number % 300 == 20 {
            tokio::spawn(count_primes(60_000));
        }
    }
}

async fn count_primes(below: u64) -> usize {
    let mut primes = Vec::new();
    for number in 2..below {
        if primes
            .iter()
            .take_while(|&&prime| prime * prime <= number)
            .all(|prime| number % prime != 0)
        {
            primes.push(number);
        }
        if number.is_multiple_of(200) {
            yield_now().await;
        }
    }
    primes.len()
}
