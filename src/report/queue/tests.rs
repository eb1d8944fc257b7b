//! The queue of a pipe that nobody reads.

use std::io::{PipeReader, Read as _, Write as _, pipe};
use std::os::fd::OwnedFd;

use super::*;

/// A queue to a pipe that has room for nothing.
fn stopped() -> (&'static Queue, PipeReader, usize) {
    let (reader, mut writer) = pipe().expect("a pipe");
    let flags = rustix::fs::OFlags::NONBLOCK;
    rustix::fs::fcntl_setfl(&writer, flags).expect("flags");
    let mut filled = 0;
    while let Ok(count) = writer.write(&[b'.'; 64]) {
        filled += count;
    }
    let fd: &'static OwnedFd = Box::leak(Box::new(writer.into()));
    let queue = Box::leak(Box::new(Queue::new(Stream::Test(fd.as_fd()))));
    (queue, reader, filled)
}

#[test]
fn progress_is_left_out_and_counted_and_events_are_not() {
    let (queue, mut reader, filled) = stopped();
    let line = "x".repeat(1023) + "\n";
    for _ in 0..100 {
        queue.push(Kind::Progress(1), line.clone());
    }
    for _ in 0..100 {
        queue.push(Kind::Event, "event\n");
    }
    assert_eq!(queue.lost().progress, 36);
    let read = std::thread::spawn(move || {
        let mut text = Vec::new();
        let mut some = vec![0; 4096];
        while !text.ends_with(b"the end\n") {
            let count = reader.read(&mut some).expect("the pipe");
            text.extend_from_slice(&some[..count]);
        }
        String::from_utf8(text).expect("text")
    });
    queue.push(Kind::Word, "the end\n");
    assert_eq!(queue.settle(|| {}), Ok(()));
    let text = read.join().expect("the reader").split_off(filled);
    assert_eq!(text.matches("event\n").count(), 100);
    assert_eq!(text.matches("xxx\n").count(), 64);
    assert!(
        text.contains("… left out, since nobody read in time: 36\n"),
        "{text}"
    );
    assert_eq!(queue.lost().events, 0);
}

#[test]
fn events_are_left_out_where_many_wait_and_nobody_reads() {
    let (queue, _reader, _) = stopped();
    let patience = Duration::from_secs(2);
    queue.lock().patience = patience;
    queue.push(Kind::Event, vec![b'x'; MOST]);
    queue.push(Kind::Event, "the reader has its time\n");
    assert_eq!(queue.lost().events, 0);
    std::thread::sleep(patience);
    queue.push(Kind::Event, "it took nothing\n");
    queue.push(Kind::Word, "result\n");
    assert_eq!((queue.lost().events, queue.lost().words), (1, 0));
}

#[test]
fn at_the_end_what_nobody_reads_is_given_up() {
    let (queue, _reader, _) = stopped();
    queue.push(Kind::Word, "result\n");
    queue.push(Kind::Event, "event\n");
    let mut slow = false;
    let limit = Some(Duration::from_millis(1500));
    let why = queue.settle_within(limit, || slow = true);
    assert!(slow, "it says for what it waits");
    assert!(why.is_err_and(|why| why.contains("nothing was read")));
    let lost = queue.lost();
    assert_eq!((lost.words, lost.events), (1, 1));
    assert_eq!(queue.settle(|| {}), Ok(()), "it is said once");
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let (queue, reader, _) = stopped();
    queue.push(Kind::Word, "result\n");
    drop(reader);
    assert_eq!(queue.settle(|| {}), Ok(()));
    assert_eq!(queue.lost(), Lost::default());
}
