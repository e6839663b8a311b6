//! Prices are added up under the lock of the cart, by a helper that takes it too if there is a voucher.

use futures::FutureExt as _;
use tokio::sync::Mutex;

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck};
use crate::harness::{Kind, Program, Stage, Visitor};

const LOCKED_TWICE: Leak = Leak::provable(&["P2"]);

pub(super) const PROGRAM: Program = Program {
    name: "shopping_cart",
    kind: Kind::Leaking,
    scenario: "",
    about: "a task locks a cart, and then calls a function that locks the same cart",
    run: |stage| run(stage).boxed_local(),
};

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        spawned(tokio::spawn(check_out(visitor)));
    }
}

async fn check_out(visitor: Visitor) {
    let cart = Mutex::new(visitor.number);
    let mut total = cart.lock().await;
    some_work(visitor.number).await;
    if visitor.unlucky {
        *total -= voucher(&cart).await;
    }
}

async fn voucher(cart: &Mutex<u64>) -> u64 {
    let cart = stuck(LOCKED_TWICE, cart.lock()).await;
    *cart / 10
}
