//! Futures that make headway together, without a task for each.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// A future, and its output once it has one.
type Course<F> = (Pin<Box<F>>, Option<<F as Future>::Output>);

/// Waits for all of them; their outputs in the same order.
pub(crate) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut open: Vec<Course<F>> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(move |cx| {
        let mut ready = true;
        for (future, output) in &mut open {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    Poll::Ready(done) => *output = Some(done),
                    Poll::Pending => ready = false,
                }
            }
        }
        if ready {
            Poll::Ready(open.drain(..).filter_map(|(_, output)| output).collect())
        } else {
            Poll::Pending
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn one_that_waits_for_a_later_one_does_not_hold_it_up() {
        assert!(all(Vec::<std::future::Ready<()>>::new()).await.is_empty());
        let (send, receive) = oneshot::channel();
        let (mut send, mut receive) = (Some(send), Some(receive));
        let futures = (0..2).map(|at| {
            let (receive, send) = match at {
                0 => (receive.take(), None),
                _ => (None, send.take()),
            };
            async move {
                if let Some(receive) = receive {
                    return receive.await.unwrap();
                }
                send.unwrap().send(7).unwrap();
                8
            }
        });
        assert_eq!(all(futures).await, [7, 8]);
    }
}
