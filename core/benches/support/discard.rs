//! A collector on the loopback interface that counts what it gets, accepts everything, and keeps nothing.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use flate2::read::GzDecoder;

pub(crate) struct Discard(SocketAddr);

impl Discard {
    /// Lives as long as the process.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A connection that breaks ends.
                thread::spawn(move || drop(serve(&stream)));
            }
        });
        Self(address)
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.0)
    }
}

fn serve(mut stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line != "\r\n" {
            continue;
        }
        let mut text = String::new();
        GzDecoder::new((&mut reader).take(length)).read_to_string(&mut text)?;
        // Each record says once what it is.
        let accepted = text.matches("{\"schema\":\"").count();
        let body = format!(r#"{{"accepted":{accepted},"rejected":0,"dropped":0}}"#);
        // In one piece: the system would hold a second one back until the first is acknowledged.
        let answer = format!("HTTP/1.1 200 x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes())?;
    }
}
