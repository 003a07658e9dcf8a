use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures_util::task::AtomicWaker;
use tokio::task::coop::has_budget_remaining;

/// Nobody polls, and nothing was woken since.
const IDLE: u8 = 0;
/// Somebody polls.
const POLLING: u8 = 1;
/// Woken since the last poll began.
const WOKEN: u8 = 2;
/// Polls without a pause for others.
const TURNS: u32 = 64;

/// A future that is polled again at once when it was woken while it was polled.
///
/// The two ends of a body that arrives are in one task, and wake it for each piece. The runtime puts a task that woke itself
/// behind all others and wakes another thread to take it: a body of 100 KB would go from thread to thread eight times.
pub(super) struct Steady<F> {
    future: Pin<Box<F>>,
    wakes: Arc<Wakes>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct Wakes {
    state: AtomicU8,
    task: AtomicWaker,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Whoever polls sees the mark when it is done; a mark that was there already has woken the task.
        if self.state.fetch_or(WOKEN, Ordering::AcqRel) == IDLE {
            self.task.wake();
        }
    }
}

impl<F: Future> Steady<F> {
    pub(super) fn new(future: F) -> Self {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        Self { future: Box::pin(future), wakes, waker }
    }

    /// The future itself.
    pub(super) fn inner(&mut self) -> Pin<&mut F> {
        self.future.as_mut()
    }
}

impl<F: Future> Future for Steady<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { future, wakes, waker } = &mut *self;
        wakes.task.register(cx.waker());
        for _ in 0..TURNS {
            wakes.state.swap(POLLING, Ordering::AcqRel);
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(waker)) {
                return Poll::Ready(output);
            }
            let idle = wakes.state.compare_exchange(POLLING, IDLE, Ordering::AcqRel, Ordering::Acquire);
            if idle.is_ok() {
                return Poll::Pending;
            }
            if !has_budget_remaining() {
                break;
            }
        }
        // The others' turn. The mark stays, so that nobody wakes the task a second time.
        wakes.state.fetch_and(!POLLING, Ordering::AcqRel);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::{
        future::poll_fn,
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;

    /// Counts how often a task is woken.
    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Ready at the poll `last`, and wakes itself at each before it.
    fn waking_itself(last: usize) -> impl Future<Output = usize> {
        let mut polls = 0;
        poll_fn(move |cx| {
            polls += 1;
            if polls == last {
                return Poll::Ready(polls);
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }

    #[test]
    fn what_wakes_itself_is_polled_at_once_and_lets_others_have_their_turn() {
        let counted = Arc::new(Counted::default());
        let waker = Waker::from(Arc::clone(&counted));
        let mut cx = Context::from_waker(&waker);
        let mut steady = Steady::new(waking_itself(10));
        assert_eq!(Pin::new(&mut steady).poll(&mut cx), Poll::Ready(10));
        assert_eq!(counted.0.load(Ordering::SeqCst), 0, "the task needed no wake");

        let mut steady = Steady::new(waking_itself(100));
        assert_eq!(Pin::new(&mut steady).poll(&mut cx), Poll::Pending);
        assert_eq!(counted.0.load(Ordering::SeqCst), 1, "it wants to go on");
        assert_eq!(Pin::new(&mut steady).poll(&mut cx), Poll::Ready(100));
    }

    #[test]
    fn no_wake_from_another_thread_is_lost() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let passed = runtime.block_on(async {
            let (to, mut from) = tokio::sync::mpsc::channel(1);
            let (back, mut again) = tokio::sync::mpsc::channel(1);
            let receiving = tokio::spawn(Steady::new(async move {
                let mut passed = 0;
                while let Some(number) = from.recv().await {
                    passed += 1;
                    if back.send(number).await.is_err() {
                        break;
                    }
                }
                passed
            }));
            let sending = tokio::spawn(Steady::new(async move {
                for number in 0..20_000 {
                    to.send(number).await.unwrap();
                    assert_eq!(again.recv().await, Some(number));
                }
            }));
            sending.await.unwrap();
            receiving.await.unwrap()
        });
        assert_eq!(passed, 20_000);
    }

    #[test]
    fn a_wake_between_two_polls_wakes_the_task_once() {
        let counted = Arc::new(Counted::default());
        let waker = Waker::from(Arc::clone(&counted));
        let mut cx = Context::from_waker(&waker);
        let (mut kept, mut polls) = (None, 0);
        let mut steady = Steady::new(poll_fn(|cx| {
            polls += 1;
            kept = Some(cx.waker().clone());
            Poll::<()>::Pending
        }));
        assert!(Pin::new(&mut steady).poll(&mut cx).is_pending());
        drop(steady);
        let waker = kept.unwrap();
        let elsewhere = waker.clone();
        thread::spawn(move || elsewhere.wake()).join().unwrap();
        waker.wake();
        assert_eq!((counted.0.load(Ordering::SeqCst), polls), (1, 1));
    }
}
