//! A refresh that takes too long is put aside, with its place in the queue of the lock, and done by hand.

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::{Mutex, oneshot};

use crate::harness::stage::some_work;
use crate::harness::truth::{Leak, spawned, stuck};
use crate::harness::{Kind, Program, Stage, Visitor};

const FUTURELOCK: Leak = Leak::provable(&["P4"]);

pub(super) const PROGRAM: Program = Program {
    name: "session_refresh",
    kind: Kind::Leaking,
    scenario: "L-26",
    about: "a task keeps a place in the queue of a lock that it has stopped polling, and waits behind itself",
    run: |stage| run(stage).boxed_local(),
};

type Token = Arc<Mutex<u64>>;

async fn run(stage: Stage) {
    let mut visitors = stage.visitors();
    loop {
        let visitor = visitors.next().await;
        let token = Token::default();
        if visitor.unlucky {
            let (locked, is_locked) = oneshot::channel();
            let (finish, finished) = oneshot::channel();
            tokio::spawn(login(Arc::clone(&token), locked, finished));
            is_locked.await.ok();
            spawned(tokio::spawn(session(visitor, token, Some(finish))));
        } else {
            spawned(tokio::spawn(session(visitor, token, None)));
        }
    }
}

/// Somebody else is at it.
async fn login(token: Token, locked: oneshot::Sender<()>, finish: oneshot::Receiver<()>) {
    let mut token = token.lock().await;
    locked.send(()).ok();
    finish.await.ok();
    *token += 1;
}

async fn session(visitor: Visitor, token: Token, other: Option<oneshot::Sender<()>>) {
    let mut refresh = pin!(refresh(&token));
    let at_once = tokio::select! {
        biased;
        () = &mut refresh => true,
        () = ready(()) => false,
    };
    some_work(visitor.number).await;
    if let Some(other) = other {
        other.send(()).ok();
        *stuck(FUTURELOCK, token.lock()).await += 1;
    }
    if !at_once {
        refresh.await;
    }
}

async fn refresh(token: &Mutex<u64>) {
    *token.lock().await += 1;
}
