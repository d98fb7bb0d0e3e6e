//! Several futures at the same time, however many they are.

use std::future::{Future, poll_fn};
use std::task::Poll;

/// What all of them come to, in their order, when the last one is done.
pub async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut is_done = true;
        for (future, output) in &mut running {
            if output.is_some() {
                continue;
            }
            match future.as_mut().poll(context) {
                Poll::Ready(value) => *output = Some(value),
                Poll::Pending => is_done = false,
            }
        }
        if is_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Barrier;

    #[tokio::test]
    async fn all_run_at_once_and_come_in_their_order() {
        let barrier = Barrier::new(3);
        let waits = |number: usize| {
            let barrier = &barrier;
            async move {
                for _ in number..3 {
                    tokio::task::yield_now().await;
                }
                barrier.wait().await;
                number
            }
        };
        assert_eq!(together(vec![waits(0), waits(1), waits(2)]).await, [0, 1, 2]);
        assert!(together(Vec::<std::future::Ready<()>>::new()).await.is_empty());
    }
}
