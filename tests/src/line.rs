//! A line to a gateway that can be cut, or fall silent.

use std::net::SocketAddr;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// What the line does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Carries; the number grows with each cut.
    Whole(u32),
    /// Takes everything and carries nothing.
    Silent,
}

/// A line to a gateway.
pub struct Line {
    listens: SocketAddr,
    state: watch::Sender<State>,
    /// All connections end with this.
    _task: JoinSet<()>,
}

impl Line {
    /// A line that leads to an address.
    pub async fn before(to: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let listens = listener.local_addr()?;
        let (state, states) = watch::channel(State::Whole(0));
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut lines = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                lines.spawn(carry(near, to, states.clone()));
            }
        });
        Ok(Self {
            listens,
            state,
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
            *state = match *state {
                State::Whole(cuts) => State::Whole(cuts + 1),
                State::Silent => State::Whole(0),
            };
        });
    }

    /// Carries nothing any more and closes nothing.
    pub fn fall_silent(&self) {
        self.state.send_replace(State::Silent);
    }
}

async fn carry(mut near: TcpStream, to: SocketAddr, mut states: watch::Receiver<State>) {
    if *states.borrow_and_update() != State::Silent {
        let Ok(mut far) = TcpStream::connect(to).await else {
            return;
        };
        tokio::select! {
            changed = states.changed() => {
                if changed.is_err() || *states.borrow_and_update() != State::Silent {
                    return;
                }
            }
            _ = copy_bidirectional(&mut near, &mut far) => return,
        }
    }
    // Held open until the line is whole again.
    if states
        .wait_for(|state| *state != State::Silent)
        .await
        .is_err()
    {
        return;
    }
    drop(near);
}
