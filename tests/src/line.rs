//! A line to a gateway with faults: cut, silent, slow, thin, closed on the answer, or carrying a
//! request or a frame twice or out of its order.

use crate::frames::{FrameFaults, Frames, take};
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
    sync::{mpsc, watch},
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
    /// How many operations reach the gateway twice.
    echo: AtomicU32,
    /// How many pages of a sync arrive late.
    late: AtomicU32,
    frames: FrameFaults,
}

/// How much later the second of two equal requests comes, and a late page.
const LATE: Duration = Duration::from_millis(60);

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

    /// Whether it carries nothing.
    pub fn is_silent(&self) -> bool {
        self.state.borrow().silent
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

    /// So many operations reach the gateway twice, the second time over another connection and a
    /// little later, when newer ones may have passed.
    pub fn echo(&self, operations: u32) {
        self.faults.echo.store(operations, Ordering::SeqCst);
    }

    /// So many pages of a sync come after what the live socket said meanwhile.
    pub fn hold_pages(&self, pages: u32) {
        self.faults.late.store(pages, Ordering::SeqCst);
    }

    /// So many frames with changes come twice.
    pub fn repeat_frames(&self, frames: u32) {
        self.faults.frames.repeat(frames);
    }

    /// So many frames with changes come after the one that follows them.
    pub fn reorder_frames(&self, frames: u32) {
        self.faults.frames.overtake(frames);
    }

    /// Takes a guard away: every operation that passes gets an id that nobody has seen, so a
    /// repeated one is no longer known.
    pub fn forget_ids(&self) {
        self.faults.forget_ids.store(true, Ordering::SeqCst);
    }

    /// Carries well again. What was silent is closed.
    pub fn heal(&self) {
        for left in [&self.faults.swallow, &self.faults.echo, &self.faults.late] {
            left.store(0, Ordering::SeqCst);
        }
        self.faults.frames.heal();
        // What is held back would come with the next frame only.
        let holds = self.faults.frames.holds.swap(false, Ordering::SeqCst);
        self.state.send_modify(|state| {
            let cuts = state.cuts + u32::from(state.silent || holds);
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
        let late = AtomicBool::new(false);
        let (repeat, mut repeats) = mpsc::unbounded_channel();
        let there = pump(near_in, far_out, states.clone(), |bytes| {
            ask(bytes, &faults, &doomed);
            if bytes.starts_with(b"GET /v1/sync") && take(&faults.late) {
                late.store(true, Ordering::SeqCst);
            }
            if is_operation(bytes) && take(&faults.echo) {
                repeat.send(bytes.to_vec()).ok();
            }
            Look::Pass
        });
        let mut frames = Frames::new();
        let back = pump(far_in, near_out, states.clone(), |bytes| {
            if doomed.load(Ordering::SeqCst) {
                return Look::Stop;
            }
            let bytes = frames.pass(bytes, &faults.frames);
            match late.swap(false, Ordering::SeqCst) {
                true => Look::Late(bytes),
                false => Look::Instead(bytes),
            }
        });
        let echoes = async {
            while let Some(request) = repeats.recv().await {
                echo(&request, to).await.ok();
            }
        };
        // Both halves live until this ends, so that silence closes nothing.
        let (mut there, mut back) = (Box::pin(there), Box::pin(back));
        let mut echoes = Box::pin(echoes);
        let mut later = states.clone();
        tokio::select! {
            _ = &mut there => {}
            _ = &mut back => {}
            () = &mut echoes => {}
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

const HEADER: &[u8] = b"\r\nidempotency-key: ";

/// Whether these bytes are one whole operation.
fn is_operation(bytes: &[u8]) -> bool {
    let find = |what: &[u8]| memchr::memmem::find(bytes, what);
    let (Some(_), Some(end)) = (find(HEADER), find(b"\r\n\r\n")) else {
        return false;
    };
    const LENGTH: &[u8] = b"\r\ncontent-length: ";
    let length = find(LENGTH).and_then(|at| {
        let digits = bytes.get(at + LENGTH.len()..)?;
        let digits: Vec<u8> = digits
            .iter()
            .copied()
            .take_while(u8::is_ascii_digit)
            .collect();
        String::from_utf8(digits).ok()?.parse::<usize>().ok()
    });
    length.is_some_and(|length| end + 4 + length == bytes.len())
}

/// Sends a request once more and waits for the start of its answer.
async fn echo(request: &[u8], to: SocketAddr) -> std::io::Result<()> {
    tokio::time::sleep(LATE).await;
    let mut far = TcpStream::connect(to).await?;
    far.write_all(request).await?;
    let mut room = [0; 1024];
    far.read(&mut room).await.map(drop)
}

/// Looks at what goes to the gateway.
fn ask(bytes: &mut [u8], faults: &Faults, doomed: &AtomicBool) {
    let Some(at) = memchr::memmem::find(bytes, HEADER) else {
        return;
    };
    if take(&faults.swallow) {
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

/// What becomes of a piece.
enum Look {
    /// It goes on as it is.
    Pass,
    /// These go on in its place.
    Instead(Vec<u8>),
    /// These go on in its place, a little later.
    Late(Vec<u8>),
    /// The connection ends.
    Stop,
}

/// Carries one direction until an end closes, or `look` refuses a piece.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    states: watch::Receiver<State>,
    mut look: impl FnMut(&mut [u8]) -> Look,
) -> std::io::Result<()> {
    let mut room = vec![0; ROOM];
    loop {
        let length = from.read(&mut room).await?;
        let bytes = room.get_mut(..length).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        let instead;
        let bytes: &[u8] = match look(bytes) {
            Look::Pass => bytes,
            Look::Stop => return Ok(()),
            Look::Instead(others) => {
                instead = others;
                &instead
            }
            Look::Late(others) => {
                tokio::time::sleep(LATE).await;
                instead = others;
                &instead
            }
        };
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
