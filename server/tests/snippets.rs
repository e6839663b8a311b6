//! The programs on the pages of the rules compile. They are read, not run.

#![expect(dead_code, reason = "compiled, not run")]
#![expect(
    clippy::unused_async,
    clippy::async_yields_async,
    clippy::large_stack_arrays,
    reason = "the shortest program that shows the leak; some of these are the leak"
)]

#[path = "../../analysis/snippets/l1.rs"]
mod l1;
#[path = "../../analysis/snippets/l10.rs"]
mod l10;
#[path = "../../analysis/snippets/l11.rs"]
mod l11;
#[path = "../../analysis/snippets/l12.rs"]
mod l12;
#[path = "../../analysis/snippets/l13.rs"]
mod l13;
#[path = "../../analysis/snippets/l14.rs"]
mod l14;
#[path = "../../analysis/snippets/l2.rs"]
mod l2;
#[path = "../../analysis/snippets/l3.rs"]
mod l3;
#[path = "../../analysis/snippets/l4.rs"]
mod l4;
#[path = "../../analysis/snippets/l5.rs"]
mod l5;
#[path = "../../analysis/snippets/l6.rs"]
mod l6;
#[path = "../../analysis/snippets/l7.rs"]
mod l7;
#[path = "../../analysis/snippets/l8.rs"]
mod l8;
#[path = "../../analysis/snippets/l9.rs"]
mod l9;
#[path = "../../analysis/snippets/p1.rs"]
mod p1;
#[path = "../../analysis/snippets/p2.rs"]
mod p2;
#[path = "../../analysis/snippets/p3.rs"]
mod p3;
#[path = "../../analysis/snippets/p4.rs"]
mod p4;
#[path = "../../analysis/snippets/p5.rs"]
mod p5;
#[path = "../../analysis/snippets/p6.rs"]
mod p6;
#[path = "../../analysis/snippets/p7.rs"]
mod p7;
#[path = "../../analysis/snippets/p8.rs"]
mod p8;
#[path = "../../analysis/snippets/w1.rs"]
mod w1;
#[path = "../../analysis/snippets/w2.rs"]
mod w2;
#[path = "../../analysis/snippets/w3.rs"]
mod w3;
#[path = "../../analysis/snippets/w4.rs"]
mod w4;
#[path = "../../analysis/snippets/w5.rs"]
mod w5;
#[path = "../../analysis/snippets/w6.rs"]
mod w6;
#[path = "../../analysis/snippets/w7.rs"]
mod w7;
#[path = "../../analysis/snippets/w8.rs"]
mod w8;
