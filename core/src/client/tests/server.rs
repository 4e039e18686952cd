//! A collector that answers as scripted and keeps a ledger of what it got.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use super::PATIENCE;

/// What to do with a request.
pub(super) enum Answer {
    /// 200: all records accepted, but for so many.
    Refusing(usize),
    /// Any status with further header lines.
    Status(u16, &'static str),
    /// 200 with this body.
    Body(String),
    /// 202 as R4's routes answer.
    Taken,
    /// 200 for all records, once the channel speaks or is closed.
    After(Receiver<()>),
    /// The connection ends without an answer.
    HangUp,
    /// 200 whose body comes byte by byte, far more slowly than anybody waits.
    Trickle,
    /// 200 whose body never ends.
    Endless,
    /// No answer ever.
    Silence,
}

/// All records accepted.
pub(super) const ACCEPTED: Answer = Answer::Refusing(0);

/// One request as it arrived.
pub(super) struct Request {
    /// Request line and headers, in lower case.
    pub(super) head: String,
    /// The body, decompressed; as text where it is some.
    pub(super) body: String,
    pub(super) bytes: Vec<u8>,
}

impl Request {
    pub(super) fn records(&self) -> Vec<Value> {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn events(&self) -> Vec<String> {
        self.records().iter().map(|record| record["event"].as_str().unwrap().to_owned()).collect()
    }
}

/// What every connection's thread needs.
struct Desk {
    /// Gives the answer to the next request.
    script: Mutex<Box<dyn FnMut() -> Answer + Send>>,
    requests: Sender<Request>,
    /// Told when a client ends a connection that waited for an answer.
    cancelled: Sender<()>,
    is_over: AtomicBool,
}

pub(super) struct Server {
    address: SocketAddr,
    desk: Arc<Desk>,
    requests: Receiver<Request>,
    cancelled: Receiver<()>,
}

impl Server {
    /// Answers the request number n, counted from 0, as the script says.
    pub(super) fn start(mut script: impl FnMut(usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell_request, requests) = mpsc::channel();
        let (tell_cancelled, cancelled) = mpsc::channel();
        let mut numbers = 0..;
        let desk = Arc::new(Desk {
            script: Mutex::new(Box::new(move || script(numbers.next().unwrap()))),
            requests: tell_request,
            cancelled: tell_cancelled,
            is_over: AtomicBool::new(false),
        });
        let shared = Arc::clone(&desk);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let desk = Arc::clone(&shared);
                // A connection that breaks is the client's affair, and part of some tests.
                thread::spawn(move || drop(serve(&desk, &stream)));
            }
        });
        Self { address, desk, requests, cancelled }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request, as soon as it arrives.
    pub(super) fn next(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).expect("a request")
    }

    /// All requests that arrived and were not looked at.
    pub(super) fn rest(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// Returns when a client gave up a request that waited for an answer.
    pub(super) fn wait_for_cancelled(&self) {
        self.cancelled.recv_timeout(PATIENCE).expect("a cancelled request");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.desk.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

/// Where nobody listens: port 1 is never handed out, unlike one that was free a moment ago.
pub(super) const DEAD_ENDPOINT: &str = "http://127.0.0.1:1";

fn serve(desk: &Desk, stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let count = serde_json::from_str::<Vec<Value>>(&request.body).map_or(0, |records| records.len());
        let answer = (desk.script.lock().unwrap())();
        drop(desk.requests.send(request));
        match answer {
            Answer::Refusing(refused) => respond(stream, 200, "", &verdict(count, refused))?,
            Answer::Status(status, headers) => respond(stream, status, headers, "")?,
            Answer::Body(body) => respond(stream, 200, "", &body)?,
            Answer::Taken => respond(stream, 202, "", r#"{"status":"accepted","correlationId":"c"}"#)?,
            Answer::After(signal) => {
                let _ = signal.recv_timeout(PATIENCE);
                respond(stream, 200, "", &verdict(count, 0))?;
            }
            Answer::Trickle => {
                write!(&*stream, "HTTP/1.1 200 x\r\ncontent-length: 1000000\r\n\r\n")?;
                // Each read waits for the client, who says nothing more, and then ends with an error when it hangs up.
                stream.set_read_timeout(Some(std::time::Duration::from_millis(5)))?;
                loop {
                    (&*stream).write_all(b" ")?;
                    if (&*stream).read(&mut [0]).is_ok_and(|read| read == 0) {
                        return Ok(());
                    }
                }
            }
            Answer::Endless => {
                write!(&*stream, "HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n")?;
                // Ends with an error, when the client hangs up.
                loop {
                    write!(&*stream, "400\r\n{}\r\n", " ".repeat(1024))?;
                }
            }
            Answer::HangUp => return Ok(()),
            Answer::Silence => {
                // Blocks until the other side ends the connection.
                while reader.read(&mut [0; 64]).is_ok_and(|read| read > 0) {}
                let _ = desk.cancelled.send(());
                return Ok(());
            }
        }
    }
    Ok(())
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    let head = head.to_lowercase();
    // A request that has no body need not say so.
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let encoding = head.lines().find_map(|line| line.strip_prefix("content-encoding: "));
    let mut bytes = Vec::new();
    match encoding {
        Some("gzip") => drop(flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut bytes)?),
        Some("zstd") => bytes = zstd::decode_all(body.as_slice())?,
        _ => bytes = body,
    }
    Ok(Some(Request { head, body: String::from_utf8(bytes.clone()).unwrap_or_default(), bytes }))
}

fn respond(mut stream: &TcpStream, status: u16, headers: &str, body: &str) -> io::Result<()> {
    write!(stream, "HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

fn verdict(records: usize, refused: usize) -> String {
    let results = (0..records).map(|i| {
        let (status, violations) = if i < refused {
            ("rejected", r#"{"path":"/tenant_id","code":"unknown_field","message":"x"}"#)
        } else {
            ("accepted", "")
        };
        format!(r#"{{"status":"{status}","id":null,"violations":[{violations}]}}"#)
    });
    let results = results.collect::<Vec<_>>().join(",");
    let accepted = records - refused;
    let counts = format!(r#""accepted":{accepted},"rejected":{refused},"dropped":0,"duplicates":0"#);
    format!(r#"{{{counts},"results":[{results}],"redactions":{{}}}}"#)
}
