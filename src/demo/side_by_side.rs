//! Things that do not wait for one another are done side by side: commands of several departments, above all.

use std::thread;

/// Does something with each, all at the same time; what came of them, in their order.
///
/// # Errors
/// The first of those that failed.
pub fn side_by_side<T: Send, R: Send>(
    all: impl IntoIterator<Item = T>,
    each: impl Fn(T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    let each = &each;
    thread::scope(|scope| {
        let running: Vec<_> = all.into_iter().map(|one| scope.spawn(move || each(one))).collect();
        // Everybody is waited for, also when one failed.
        let done: Vec<_> = running.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.into_iter().map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Barrier;

    use anyhow::bail;

    use super::*;

    #[test]
    fn all_run_at_once_and_what_came_of_them_keeps_its_order() {
        let together = Barrier::new(3);
        let done = side_by_side([1, 2, 3], |number| {
            together.wait();
            Ok(number * 10)
        });
        assert_eq!(done.unwrap(), [10, 20, 30]);
    }

    #[test]
    fn one_that_fails_is_told_when_all_are_done() {
        let failed = side_by_side([1, 2], |number| if number == 1 { bail!("no") } else { Ok(number) });
        assert_eq!(failed.unwrap_err().to_string(), "no");
    }
}
