//! Binding an address, and waiting for the signal to stop.

use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::config::Listen;

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody listens there already.
    #[error("{name}: {address} is in use; mend: stop what listens there (`ss -ltnp`), or configure another port")]
    Occupied {
        /// Which listener.
        name: String,
        /// The address.
        address: SocketAddr,
    },
    /// Anything else.
    #[error(
        "{name}: {address} cannot be listened on: {source}; mend: configure an address of this machine, and a port above 1023 unless the service may take lower ones"
    )]
    Refused {
        /// Which listener.
        name: String,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// An address that is ours; nobody is answered until [`super::Server::start`].
#[derive(Debug)]
pub struct Bound {
    name: String,
    address: SocketAddr,
    listener: TcpListener,
}

impl Bound {
    /// Binds the address for the listener of this name. Port 0 lets the system choose.
    pub fn bind(name: &str, listen: Listen) -> Result<Self, BindError> {
        let refused = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => BindError::Occupied { name: name.to_owned(), address: listen.0 },
            _ => BindError::Refused { name: name.to_owned(), address: listen.0, source },
        };
        let listener = listener(listen.0).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        tracing::info!(listener = name, %address, "listening");
        Ok(Self { name: name.to_owned(), address, listener })
    }

    /// The real address, with the port that the system chose.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Which listener this is.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn into_listener(self) -> TcpListener {
        self.listener
    }
}

/// Connections that the system keeps for us until we take them (security, "Limits and time-outs"). The standard library asks for
/// 128 alone; past them the system forgets connections of which the client believes that they stand.
const BACKLOG: i32 = 1024;

fn listener(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for connections of the process before it.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
