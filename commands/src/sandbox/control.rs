//! What other programs can ask a sandbox: which process a node is, and to start one that has ended. Whoever restarts nodes
//! stops them by signals and has them started here, so that they stay its children and end with it.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::signals::Woken;

/// The socket, in the folder of the sandbox.
const NAME: &str = ".control";
/// Bytes of a request, and of an answer, at most.
const LINE_MAX_BYTES: u64 = 1_000;
/// How long who asks may take to say what.
const READ_MAX: Duration = Duration::from_secs(5);

/// What a sandbox is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The process of a node.
    Pid(i32),
    /// To start a node that has ended; its process.
    Start(i32),
}

impl Wish {
    fn line(self) -> String {
        match self {
            Self::Pid(id) => format!("pid {id}\n"),
            Self::Start(id) => format!("start {id}\n"),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let (word, id) = line.trim_end().split_once(' ')?;
        let id = id.parse().ok()?;
        match word {
            "pid" => Some(Self::Pid(id)),
            "start" => Some(Self::Start(id)),
            _ => None,
        }
    }
}

/// The process of a node, none if it has none; or why that is not known.
pub(crate) type Answer = Result<Option<u32>, String>;

/// Somebody asks.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(super) wish: Wish,
    answer: Sender<Answer>,
}

impl Asked {
    /// Tells whoever asked, who may be gone.
    pub(super) fn answer(self, answer: Answer) {
        let _gone = self.answer.send(answer);
    }
}

/// The socket's path by way of the open folder: paths of sockets are short, and those of folders are not.
fn socket(folder: &File) -> PathBuf {
    Path::new("/proc/self/fd")
        .join(folder.as_raw_fd().to_string())
        .join(NAME)
}

/// Listens for as long as this process lives; what is asked is told where signals are told.
pub(super) fn open(root: &Path, woken: Sender<Woken>) -> io::Result<()> {
    let folder = File::open(root)?;
    match fs::remove_file(socket(&folder)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket(&folder))?;
    let listen = move || {
        for stream in listener.incoming().flatten() {
            // Who asked and went away is nobody's loss.
            let _gone = serve(&stream, &woken);
        }
    };
    std::thread::Builder::new().name("control".to_owned()).spawn(listen)?;
    Ok(())
}

/// Takes the socket away.
pub(super) fn close(root: &Path) {
    // A temporary folder takes it along.
    let _gone = fs::remove_file(root.join(NAME));
}

fn serve(mut stream: &UnixStream, woken: &Sender<Woken>) -> io::Result<()> {
    stream.set_read_timeout(Some(READ_MAX))?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE_MAX_BYTES)).read_line(&mut line)?;
    let answer = match Wish::parse(&line) {
        None => Err(format!("{line:?} is not understood")),
        Some(wish) => {
            let (answer, answered) = channel();
            let is_heard = woken.send(Woken::Asked(Asked { wish, answer })).is_ok();
            let answered = answered.recv().ok().filter(|_| is_heard);
            answered.unwrap_or_else(|| Err("the sandbox ends".to_owned()))
        }
    };
    let text = match answer {
        Ok(Some(pid)) => format!("pid {pid}\n"),
        Ok(None) => "none\n".to_owned(),
        Err(reason) => format!("error {reason}\n"),
    };
    stream.write_all(text.as_bytes())
}

/// Asks the sandbox in a folder.
pub(crate) async fn ask(root: &Path, wish: Wish) -> Answer {
    let failed = |error: io::Error| format!("the sandbox in {} does not answer: {error}", root.display());
    let folder = File::open(root).map_err(failed)?;
    let mut stream = tokio::net::UnixStream::connect(socket(&folder)).await.map_err(failed)?;
    stream.write_all(wish.line().as_bytes()).await.map_err(failed)?;
    let mut text = String::new();
    let mut limited = stream.take(LINE_MAX_BYTES);
    limited.read_to_string(&mut text).await.map_err(failed)?;
    let text = text.trim_end();
    match text.split_once(' ') {
        Some(("pid", pid)) => pid.parse().map(Some).map_err(|_| format!("{pid:?} is no process")),
        Some(("error", reason)) => Err(reason.to_owned()),
        _ if text == "none" => Ok(None),
        _ => Err(format!("the sandbox in {} said {text:?}", root.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::block_on;

    #[test]
    fn a_wish_arrives_and_is_answered_however_long_the_path_is() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("x".repeat(200));
        fs::create_dir(&root).unwrap();
        let (sender, woken) = channel();
        open(&root, sender).unwrap();
        let sandbox = std::thread::spawn(move || {
            let answers = [Ok(Some(7)), Ok(None), Err("it is broken".to_owned())];
            let wishes = answers.into_iter().map(|answer| {
                let Woken::Asked(asked) = woken.recv().unwrap() else {
                    panic!("a signal came");
                };
                let wish = asked.wish;
                asked.answer(answer);
                wish
            });
            wishes.collect::<Vec<_>>()
        });
        let ask = |wish| block_on(ask(&root, wish)).unwrap();
        assert_eq!(ask(Wish::Start(1)), Ok(Some(7)));
        assert_eq!(ask(Wish::Pid(2)), Ok(None));
        assert_eq!(ask(Wish::Pid(-3)), Err("it is broken".to_owned()));
        assert_eq!(sandbox.join().unwrap(), [Wish::Start(1), Wish::Pid(2), Wish::Pid(-3)]);
        assert_eq!(ask(Wish::Pid(1)), Err("the sandbox ends".to_owned()));
        close(&root);
        assert!(ask(Wish::Pid(1)).unwrap_err().contains("does not answer"));
    }

    #[test]
    fn what_is_no_wish_is_none() {
        for wish in [Wish::Pid(3), Wish::Start(0)] {
            assert_eq!(Wish::parse(&wish.line()), Some(wish));
        }
        for line in ["", "pid", "pid x", "kill 1"] {
            assert_eq!(Wish::parse(line), None, "{line}");
        }
    }
}
