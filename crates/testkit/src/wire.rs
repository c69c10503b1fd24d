//! A wire between a program and a server that a test may cut, or leave silent.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

/// Everything passes.
const WHOLE: u8 = 0;
/// Nothing passes, and nobody is told: a partition of the network.
const SILENT: u8 = 1;
/// Connections end, and new ones end at once: a server that is gone.
const CUT: u8 = 2;

/// A wire of one test to one server.
pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    state: AtomicU8,
    to: SocketAddr,
    open: Mutex<Vec<TcpStream>>,
}

impl Wire {
    /// A wire to this server.
    #[must_use]
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its number");
        let shared = Arc::new(Shared {
            state: AtomicU8::new(WHOLE),
            to: server,
            open: Mutex::new(Vec::new()),
        });
        let wires = Arc::clone(&shared);
        // It ends with the process of the test; a listener cannot be told to stop waiting.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let wires = Arc::clone(&wires);
                thread::spawn(move || wires.connect(client));
            }
        });
        Self { address, shared }
    }

    /// Where to call instead of the server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets nothing through from now on, without a word.
    pub fn silence(&self) {
        self.shared.state.store(SILENT, Ordering::SeqCst);
    }

    /// Ends every connection, and refuses new ones.
    pub fn cut(&self) {
        self.shared.state.store(CUT, Ordering::SeqCst);
        for stream in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets everything through again.
    pub fn mend(&self) {
        self.shared.state.store(WHOLE, Ordering::SeqCst);
    }
}

impl Shared {
    fn connect(self: Arc<Self>, client: TcpStream) {
        self.wait_while_silent();
        if self.state.load(Ordering::SeqCst) == CUT {
            return;
        }
        let Ok(server) = TcpStream::connect(self.to) else { return };
        let clone = |stream: &TcpStream| stream.try_clone().expect("another handle");
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend([clone(&client), clone(&server)]);
        let (from, into, back) = (clone(&client), clone(&server), Arc::clone(&self));
        thread::spawn(move || back.carry(from, into));
        self.carry(server, client);
    }

    fn carry(&self, mut from: TcpStream, mut into: TcpStream) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            self.wait_while_silent();
            if into.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), into.shutdown(Shutdown::Both));
    }

    fn wait_while_silent(&self) {
        while self.state.load(Ordering::SeqCst) == SILENT {
            thread::sleep(Duration::from_millis(5));
        }
    }
}
