//! The line between civil registration and a department's gateway: it carries bytes, and loses every fifth answer.
//!
//! Guarantees: what it loses is an answer that the gateway has given: the delivery went through whole, the answer's bytes were taken from
//! the gateway, and then both ends are cut, as a broken line does. It is a process of nobody's and sees TLS alone; neither gateway knows
//! of it. Deliberately absent: losing deliveries (a killed gateway does that).

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use service_kit_testing::free_port;
use vinimay::world::Department;

/// A delivery of one event is longer, everything else that the source sends there is shorter.
const DELIVERY: usize = 2_500;
/// An answer with one acknowledgement is longer, what TLS says by itself is shorter.
const ANSWER: usize = 800;
/// Of so many answers one is lost.
pub const ONE_OF: usize = 5;

/// What all lines of a test count together.
#[derive(Debug, Default)]
pub struct Weather {
    answers: AtomicUsize,
    lost: AtomicUsize,
    calm: AtomicBool,
}

impl Weather {
    /// Answers to deliveries while the weather was bad, and how many of them were lost.
    pub fn seen(&self) -> (usize, usize) {
        (self.answers.load(Ordering::SeqCst), self.lost.load(Ordering::SeqCst))
    }

    /// Nothing is lost any more.
    pub fn calms_down(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    /// One more answer; whether it is to be lost. One that was to be lost and was none in the end is made up for by the next.
    fn takes(&self) -> bool {
        if self.calm.load(Ordering::SeqCst) {
            return false;
        }
        let answers = self.answers.fetch_add(1, Ordering::SeqCst) + 1;
        answers / ONE_OF > self.lost.load(Ordering::SeqCst)
    }
}

/// A line that is up until it is dropped.
pub struct Line {
    port: u16,
    down: Arc<AtomicBool>,
}

impl Line {
    /// Puts a line before a department's gateway, which does not run: it will listen behind it, and the line where it is published.
    pub fn before(department: &Department, weather: &Arc<Weather>) -> Self {
        let file = department.folder().join("gateway.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let (_, rest) = text.split_once("[listen]\npeers = \"127.0.0.1:").unwrap();
        let published: u16 = rest.split_once('"').unwrap().0.parse().unwrap();
        let behind = free_port();
        let listens = |port: u16| format!("[listen]\npeers = \"127.0.0.1:{port}\"");
        std::fs::write(&file, text.replace(&listens(published), &listens(behind))).unwrap();
        let (listener, down) = (TcpListener::bind((Ipv4Addr::LOCALHOST, published)).unwrap(), Arc::default());
        let (weather, ended) = (Arc::clone(weather), Arc::clone(&down));
        thread::spawn(move || {
            for calling in listener.incoming().map_while(Result::ok) {
                if AtomicBool::load(&ended, Ordering::SeqCst) {
                    return;
                }
                // A gateway that is down is a line that leads nowhere.
                if let Ok(called) = TcpStream::connect((Ipv4Addr::LOCALHOST, behind)) {
                    Call::begins(calling, called, Arc::clone(&weather));
                }
            }
        });
        Self { port: published, down }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.down.store(true, Ordering::SeqCst);
        // Wakes whoever waits for the next call.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

/// One connection.
struct Call {
    calling: TcpStream,
    called: TcpStream,
    /// Bytes that went through since the last answer.
    sent: AtomicUsize,
    weather: Arc<Weather>,
}

impl Call {
    fn begins(calling: TcpStream, called: TcpStream, weather: Arc<Weather>) {
        let call = Arc::new(Self { calling, called, sent: AtomicUsize::new(0), weather });
        let there = Arc::clone(&call);
        thread::spawn(move || {
            there.carries_there();
            there.ends();
        });
        thread::spawn(move || {
            call.carries_back();
            call.ends();
        });
    }

    fn ends(&self) {
        let _ = self.calling.shutdown(Shutdown::Both);
        let _ = self.called.shutdown(Shutdown::Both);
    }

    fn carries_there(&self) {
        let mut buffer = [0; 65_536];
        while let Ok(count @ 1..) = (&self.calling).read(&mut buffer) {
            self.sent.fetch_add(count, Ordering::SeqCst);
            if (&self.called).write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    }

    /// Answers go back, but for those that are lost.
    fn carries_back(&self) {
        let (mut buffer, mut answer, mut lost) = ([0; 65_536], 0, None);
        while let Ok(count @ 1..) = (&self.called).read(&mut buffer) {
            if self.sent.load(Ordering::SeqCst) < DELIVERY {
                // No answer to a delivery.
                if (&self.calling).write_all(&buffer[..count]).is_err() {
                    return;
                }
                continue;
            }
            answer += count;
            let is_lost = *lost.get_or_insert_with(|| self.weather.takes());
            if is_lost && answer >= ANSWER {
                self.weather.lost.fetch_add(1, Ordering::SeqCst);
                return;
            }
            if !is_lost && (&self.calling).write_all(&buffer[..count]).is_err() {
                return;
            }
            if answer >= ANSWER {
                (answer, lost) = (0, None);
                self.sent.store(0, Ordering::SeqCst);
            }
        }
    }
}
