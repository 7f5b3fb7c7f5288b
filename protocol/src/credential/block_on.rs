//! Runs `ssi`'s verifiers in tests. They are `async` because a resolver might fetch; with a key at hand they never
//! wait, so polling once is enough.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("this future waits for something outside"),
    }
}
