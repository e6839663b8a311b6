//! Waits on locks and permits.

use std::sync::Arc;

use futures::FutureExt;
use tokio::sync::{Barrier, Mutex, OnceCell, RwLock, Semaphore};

use super::shape::{Here, shapes};

shapes! {
    mutex_lock: Mutex;
    mutex_lock_owned: Mutex;
    rwlock_read: RwLockRead;
    rwlock_read_owned: RwLockRead;
    rwlock_write: RwLockWrite;
    rwlock_write_owned: RwLockWrite;
    semaphore_acquire: Semaphore;
    semaphore_acquire_many_owned: Semaphore;
    once_cell: OnceCell;
    barrier: Barrier;
}

async fn mutex_lock(here: Here) {
    let lock = Arc::new(Mutex::new(()));
    here.keep(lock.clone().try_lock_owned().unwrap());
    here.next_line();
    let _guard = lock.lock().await;
}

async fn mutex_lock_owned(here: Here) {
    let lock = Arc::new(Mutex::new(()));
    here.keep(lock.clone().try_lock_owned().unwrap());
    here.next_line();
    let _guard = lock.lock_owned().await;
}

async fn rwlock_read(here: Here) {
    let lock = Arc::new(RwLock::new(()));
    here.keep(lock.clone().try_write_owned().unwrap());
    here.next_line();
    let _guard = lock.read().await;
}

async fn rwlock_read_owned(here: Here) {
    let lock = Arc::new(RwLock::new(()));
    here.keep(lock.clone().try_write_owned().unwrap());
    here.next_line();
    let _guard = lock.read_owned().await;
}

async fn rwlock_write(here: Here) {
    let lock = Arc::new(RwLock::new(()));
    here.keep(lock.clone().try_read_owned().unwrap());
    here.next_line();
    let _guard = lock.write().await;
}

async fn rwlock_write_owned(here: Here) {
    let lock = Arc::new(RwLock::new(()));
    here.keep(lock.clone().try_read_owned().unwrap());
    here.next_line();
    let _guard = lock.write_owned().await;
}

async fn semaphore_acquire(here: Here) {
    let permits = Arc::new(Semaphore::new(1));
    here.keep(permits.clone().try_acquire_owned().unwrap());
    here.next_line();
    let _permit = permits.acquire().await;
}

async fn semaphore_acquire_many_owned(here: Here) {
    let permits = Arc::new(Semaphore::new(1));
    here.keep(permits.clone());
    here.next_line();
    let _permit = permits.acquire_many_owned(2).await;
}

async fn once_cell(here: Here) {
    let cell = Arc::new(OnceCell::<u32>::new());
    let other = cell.clone();
    let first = std::thread::spawn(|| {
        let mut first = Box::pin(async move {
            other.get_or_init(std::future::pending).await;
        });
        assert!(first.as_mut().now_or_never().is_none());
        first
    });
    here.keep(first.join().unwrap());
    here.next_line();
    cell.get_or_init(async || 1).await;
}

async fn barrier(here: Here) {
    let barrier = Arc::new(Barrier::new(2));
    here.keep(barrier.clone());
    here.next_line();
    barrier.wait().await;
}
