//! A stream of orders to every dealer that is connected.

use std::time::Duration;

use futures::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::harness::stage::some_work;
use crate::harness::{Kind, Program, Stage};

pub(super) const PROGRAM: Program = Program {
    name: "order_stream",
    kind: Kind::Healthy,
    scenario: "H-06",
    about: "the server's task of each dealer lives as long as the dealer, and waits for orders",
    run: |stage| run(stage).boxed_local(),
};

const DEALERS: u64 = 20;

async fn run(stage: Stage) {
    let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else { return };
    let Ok(address) = listener.local_addr() else { return };
    let mut dealers = Vec::<mpsc::Sender<u64>>::new();
    let mut visitors = stage.visitors();
    loop {
        tokio::select! {
            visitor = visitors.next() => {
                tokio::spawn(some_work(visitor.number));
                if visitor.number < DEALERS {
                    tokio::spawn(deal(visitor.number, address.port()));
                }
                // An order every five seconds, for one dealer after the other.
                if visitor.number % 50 == 0 && !dealers.is_empty() {
                    let at = visitor.number as usize / 50 % dealers.len();
                    if dealers[at].try_send(visitor.number).is_err() {
                        dealers.swap_remove(at);
                    }
                }
            }
            Ok((stream, _)) = listener.accept() => {
                let (send, orders) = mpsc::channel(16);
                dealers.push(send);
                tokio::spawn(send_orders(stream, orders));
            }
        }
    }
}

/// Until the dealer hangs up.
async fn send_orders(mut stream: TcpStream, mut orders: mpsc::Receiver<u64>) {
    let (mut read, mut write) = stream.split();
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(order) = order else { return };
                if write.write_u64(order).await.is_err() {
                    return;
                }
            }
            _ = read.read_u8() => return,
        }
    }
}

/// A dealer, who goes home after some orders and comes back soon.
async fn deal(number: u64, port: u16) {
    loop {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { return };
        for _ in 0..=number % 3 {
            if stream.read_u64().await.is_err() {
                break;
            }
        }
        drop(stream);
        sleep(Duration::from_secs(2)).await;
    }
}
