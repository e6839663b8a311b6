//! [`tokio::sync::mpsc`], followed by the agent.

mod bounded;
mod unbounded;

pub use bounded::{OwnedPermit, Permit, PermitIterator, Receiver, Sender, WeakSender, channel};
pub use tokio::sync::mpsc::error;
pub use unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};

/// The methods that both receivers have.
macro_rules! receiver_methods {
    ($($permits:item)*) => {
        /// As Tokio's.
        pub async fn recv(&mut self) -> Option<T> {
            self.end.used();
            let received = self.op.wait(self.inner.recv()).await;
            if received.is_some() {
                self.end.received();
            }
            received
        }

        /// As Tokio's.
        pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
            self.end.used();
            let received = self.op.wait(self.inner.recv_many(buffer, limit)).await;
            if received > 0 {
                self.end.received();
            }
            received
        }

        /// As Tokio's.
        pub fn try_recv(&mut self) -> Result<T, error::TryRecvError> {
            self.end.used();
            let received = self.inner.try_recv()?;
            self.taken();
            Ok(received)
        }

        /// As Tokio's.
        #[track_caller]
        pub fn blocking_recv(&mut self) -> Option<T> {
            self.end.used();
            let received = self.inner.blocking_recv()?;
            self.taken();
            Some(received)
        }

        /// As Tokio's.
        #[track_caller]
        pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
            self.end.used();
            let received = self.inner.blocking_recv_many(buffer, limit);
            self.taken();
            received
        }

        /// As Tokio's.
        pub fn close(&mut self) {
            self.end.close();
            self.inner.close();
        }

        /// As Tokio's.
        pub fn is_closed(&self) -> bool {
            self.inner.is_closed()
        }

        /// As Tokio's.
        pub fn is_empty(&self) -> bool {
            self.inner.is_empty()
        }

        /// As Tokio's.
        pub fn len(&self) -> usize {
            self.inner.len()
        }

        /// As Tokio's.
        pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
            self.end.used();
            let polled = self.op.poll(|| self.inner.poll_recv(cx));
            if let Poll::Ready(Some(_)) = polled {
                self.end.received();
            }
            polled
        }

        /// As Tokio's.
        pub fn poll_recv_many(
            &mut self,
            cx: &mut Context<'_>,
            buffer: &mut Vec<T>,
            limit: usize,
        ) -> Poll<usize> {
            self.end.used();
            let polled = self.op.poll(|| self.inner.poll_recv_many(cx, buffer, limit));
            if polled.is_ready() {
                self.end.received();
            }
            polled
        }

        /// As Tokio's.
        pub fn sender_strong_count(&self) -> usize {
            self.inner.sender_strong_count()
        }

        /// As Tokio's.
        pub fn sender_weak_count(&self) -> usize {
            self.inner.sender_weak_count()
        }

        /// Something was taken without waiting: what the channel kept of an earlier wait may be gone.
        fn taken(&mut self) {
            self.op.disarm();
            self.end.received();
        }
    };
}
use receiver_methods;
