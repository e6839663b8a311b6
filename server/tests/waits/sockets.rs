//! Waits on sockets, pipes and signals.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, duplex};
use tokio::net::{
    TcpListener, TcpSocket, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream,
};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::shape::{Here, shapes};

shapes! {
    tcp_accept: Accept;
    unix_accept: Accept;
    tcp_read: TcpRead;
    tcp_read_line: TcpRead;
    tcp_read_half: TcpRead;
    tcp_owned_read_half: TcpRead;
    tcp_peek: TcpRead;
    tcp_readable: IoReady;
    tcp_write_all: TcpWrite;
    tcp_connect: TcpConnect;
    tcp_copy_bidirectional: TcpRead, TcpRead;
    udp_recv: Udp;
    unix_read: UnixRead;
    unix_write_all: UnixWrite;
    unix_datagram_recv: UnixRead;
    duplex_read: Duplex;
    duplex_write: Duplex;
    pipe_of_child: Pipe;
    child_wait: Child;
    ctrl_c: Signal;
    signal_recv: Signal;
    lookup: Dns;
}

/// More than any socket buffer holds.
const MUCH: usize = 64 << 20;

/// Two ends of a connection, made without waiting in the task under test.
fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let near = std::net::TcpStream::connect(listener.local_addr()?)?;
    let (far, _) = listener.accept()?;
    near.set_nonblocking(true)?;
    far.set_nonblocking(true)?;
    Ok((TcpStream::from_std(near)?, TcpStream::from_std(far)?))
}

async fn tcp_accept(here: Here) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    here.next_line();
    let _ = listener.accept().await;
}

async fn unix_accept(here: Here) {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
    here.next_line();
    let _ = listener.accept().await;
}

async fn tcp_read(here: Here) {
    let (mut near, far) = tcp_pair().unwrap();
    here.keep(far);
    let mut buffer = [0; 16];
    here.next_line();
    let _ = near.read(&mut buffer).await;
}

async fn tcp_read_line(here: Here) {
    let (near, far) = tcp_pair().unwrap();
    here.keep(far);
    let mut lines = BufReader::new(near).lines();
    here.next_line();
    let _ = lines.next_line().await;
}

async fn tcp_read_half(here: Here) {
    let (near, far) = tcp_pair().unwrap();
    here.keep(far);
    let (mut half, _other_half) = tokio::io::split(near);
    let mut buffer = [0; 16];
    here.next_line();
    let _ = half.read_exact(&mut buffer).await;
}

async fn tcp_owned_read_half(here: Here) {
    let (near, far) = tcp_pair().unwrap();
    let (mut half, other_half) = near.into_split();
    here.keep((far, other_half));
    let mut text = String::new();
    here.next_line();
    let _ = half.read_to_string(&mut text).await;
}

async fn tcp_peek(here: Here) {
    let (near, far) = tcp_pair().unwrap();
    here.keep(far);
    let mut buffer = [0; 16];
    here.next_line();
    let _ = near.peek(&mut buffer).await;
}

async fn tcp_readable(here: Here) {
    let (near, far) = tcp_pair().unwrap();
    here.keep(far);
    here.next_line();
    let _ = near.readable().await;
}

async fn tcp_write_all(here: Here) {
    let (mut near, far) = tcp_pair().unwrap();
    here.keep(far);
    let bytes = vec![0; MUCH];
    here.next_line();
    let _ = near.write_all(&bytes).await;
}

async fn tcp_connect(here: Here) {
    // A listener whose backlog is full does not answer.
    let full = TcpSocket::new_v4().unwrap();
    full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = full.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let queued = std::net::TcpStream::connect(address).unwrap();
    here.keep((listener, queued));
    here.next_line();
    let _ = TcpStream::connect(address).await;
}

async fn tcp_copy_bidirectional(here: Here) {
    let (mut left, far_left) = tcp_pair().unwrap();
    let (mut right, far_right) = tcp_pair().unwrap();
    here.keep((far_left, far_right));
    here.next_line();
    let _ = tokio::io::copy_bidirectional(&mut left, &mut right).await;
}

async fn udp_recv(here: Here) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut buffer = [0; 16];
    here.next_line();
    let _ = socket.recv_from(&mut buffer).await;
}

async fn unix_read(here: Here) {
    let (mut near, far) = UnixStream::pair().unwrap();
    here.keep(far);
    let mut buffer = [0; 16];
    here.next_line();
    let _ = near.read(&mut buffer).await;
}

async fn unix_write_all(here: Here) {
    let (mut near, far) = UnixStream::pair().unwrap();
    here.keep(far);
    let bytes = vec![0; MUCH];
    here.next_line();
    let _ = near.write_all(&bytes).await;
}

async fn unix_datagram_recv(here: Here) {
    let (near, far) = UnixDatagram::pair().unwrap();
    here.keep(far);
    let mut buffer = [0; 16];
    here.next_line();
    let _ = near.recv(&mut buffer).await;
}

async fn duplex_read(here: Here) {
    let (mut near, far) = duplex(16);
    here.keep(far);
    let mut buffer = [0; 16];
    here.next_line();
    let _ = near.read(&mut buffer).await;
}

async fn duplex_write(here: Here) {
    let (mut near, far) = duplex(16);
    here.keep(far);
    here.next_line();
    let _ = near.write_all(&[0; 32]).await;
}

/// A child process that ends only when it is killed, which its handle does when dropped.
fn patient_child() -> tokio::process::Child {
    Command::new("sleep")
        .arg("3600")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn pipe_of_child(here: Here) {
    let mut child = patient_child();
    let mut output = child.stdout.take().unwrap();
    let mut buffer = [0; 16];
    here.next_line();
    let _ = output.read(&mut buffer).await;
}

async fn child_wait(here: Here) {
    let mut child = patient_child();
    here.next_line();
    let _ = child.wait().await;
}

async fn ctrl_c(here: Here) {
    here.next_line();
    let _ = tokio::signal::ctrl_c().await;
}

async fn signal_recv(here: Here) {
    let mut hangups = signal(SignalKind::hangup()).unwrap();
    here.next_line();
    hangups.recv().await;
}

/// Waits only where the runtime has a single blocking thread.
async fn lookup(here: Here) {
    let (release, held) = std::sync::mpsc::channel::<()>();
    here.keep(release);
    drop(tokio::task::spawn_blocking(move || held.recv()));
    here.next_line();
    let _ = tokio::net::lookup_host("localhost:80").await;
}
