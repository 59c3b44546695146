//! A line to a gateway with faults: cut, silent, slow, thin, or closed on the answer.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};
use uuid::Uuid;

/// What the line does.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    /// Grows with each cut.
    cuts: u32,
    /// Takes everything and carries nothing.
    silent: bool,
    /// How long each piece lies on the way.
    delay: Duration,
    /// How many bytes travel at once.
    piece: usize,
}

/// What is read at once.
const ROOM: usize = 16 * 1024;

const WHOLE: State = State {
    cuts: 0,
    silent: false,
    delay: Duration::ZERO,
    piece: ROOM,
};

/// What both directions of all connections share.
#[derive(Default)]
struct Faults {
    /// How many operations still lose their answer.
    swallow: AtomicU32,
    /// Whether each operation gets an id that nobody has seen.
    forget_ids: AtomicBool,
}

/// A line to a gateway.
pub struct Line {
    listens: SocketAddr,
    state: watch::Sender<State>,
    faults: Arc<Faults>,
    /// All connections end with this.
    _task: JoinSet<()>,
}

impl Line {
    /// A line that leads to an address.
    pub async fn before(to: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let listens = listener.local_addr()?;
        let (state, states) = watch::channel(WHOLE);
        let faults = Arc::new(Faults::default());
        let mut task = JoinSet::new();
        let shared = faults.clone();
        task.spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                lines.spawn(carry(near, to, states.clone(), shared.clone()));
                while lines.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            listens,
            state,
            faults,
            _task: task,
        })
    }

    /// Where it begins.
    pub fn address(&self) -> String {
        format!("http://{}", self.listens)
    }

    /// Cuts every connection; new ones can be made.
    pub fn cut(&self) {
        self.state.send_modify(|state| {
            state.cuts += 1;
            state.silent = false;
        });
    }

    /// Carries nothing any more and closes nothing.
    pub fn fall_silent(&self) {
        self.state.send_modify(|state| state.silent = true);
    }

    /// Lets everything lie on the way for so long.
    pub fn slow_down(&self, delay: Duration) {
        self.state.send_modify(|state| state.delay = delay);
    }

    /// Carries a few bytes at a time.
    pub fn trickle(&self, piece: usize) {
        self.state.send_modify(|state| state.piece = piece.max(1));
    }

    /// Passes so many operations on and closes when their answers come: the desk has to repeat
    /// them, and the gateway sees them twice.
    pub fn swallow_answers(&self, operations: u32) {
        self.faults.swallow.store(operations, Ordering::SeqCst);
    }

    /// Takes a guard away: every operation that passes gets an id that nobody has seen, so a
    /// repeated one is no longer known.
    pub fn forget_ids(&self) {
        self.faults.forget_ids.store(true, Ordering::SeqCst);
    }

    /// Carries well again. What was silent is closed.
    pub fn heal(&self) {
        self.faults.swallow.store(0, Ordering::SeqCst);
        self.state.send_modify(|state| {
            let cuts = state.cuts + u32::from(state.silent);
            *state = State { cuts, ..WHOLE };
        });
    }
}

async fn carry(
    near: TcpStream,
    to: SocketAddr,
    mut states: watch::Receiver<State>,
    faults: Arc<Faults>,
) {
    let before = *states.borrow_and_update();
    if !before.silent {
        let Ok(far) = TcpStream::connect(to).await else {
            return;
        };
        far.set_nodelay(true).ok();
        near.set_nodelay(true).ok();
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        let doomed = AtomicBool::new(false);
        let there = pump(near_in, far_out, states.clone(), |bytes| {
            ask(bytes, &faults, &doomed);
            true
        });
        let back = pump(far_in, near_out, states.clone(), |_| {
            !doomed.load(Ordering::SeqCst)
        });
        // Both halves live until this ends, so that silence closes nothing.
        let (mut there, mut back) = (Box::pin(there), Box::pin(back));
        let mut later = states.clone();
        tokio::select! {
            _ = &mut there => {}
            _ = &mut back => {}
            () = ended(&mut states, before.cuts) => {
                later.wait_for(|now| !now.silent).await.ok();
            }
        }
        return;
    }
    // Held open until the line is whole again.
    states.wait_for(|now| !now.silent).await.ok();
    drop(near);
}

/// Waits until a connection made at so many cuts has to end or fall silent.
async fn ended(states: &mut watch::Receiver<State>, cuts: u32) {
    let ended = states.wait_for(|now| now.silent || now.cuts != cuts);
    ended.await.map(drop).ok();
}

/// Looks at what goes to the gateway.
fn ask(bytes: &mut [u8], faults: &Faults, doomed: &AtomicBool) {
    const HEADER: &[u8] = b"\r\nidempotency-key: ";
    let Some(at) = memchr::memmem::find(bytes, HEADER) else {
        return;
    };
    let one_less = |left: u32| left.checked_sub(1);
    let swallow = faults
        .swallow
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
    if swallow.is_ok() {
        doomed.store(true, Ordering::SeqCst);
    }
    let fresh = Uuid::now_v7().to_string();
    let id = at + HEADER.len()..at + HEADER.len() + fresh.len();
    if faults.forget_ids.load(Ordering::SeqCst)
        && let Some(id) = bytes.get_mut(id)
    {
        id.copy_from_slice(fresh.as_bytes());
    }
}

/// Carries one direction until an end closes, or `look` refuses a piece.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    states: watch::Receiver<State>,
    look: impl Fn(&mut [u8]) -> bool,
) -> std::io::Result<()> {
    let mut room = vec![0; ROOM];
    loop {
        let length = from.read(&mut room).await?;
        let bytes = room.get_mut(..length).unwrap_or_default();
        if bytes.is_empty() || !look(bytes) {
            return Ok(());
        }
        let size = states.borrow().piece;
        for piece in bytes.chunks(size) {
            let delay = states.borrow().delay;
            if delay > Duration::ZERO {
                tokio::time::sleep(delay).await;
            }
            to.write_all(piece).await?;
        }
    }
}
