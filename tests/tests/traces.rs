//! Spans of a change reach a collector before the command ends, and none are made without one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use hookwright_tests::process::hookwright;

const EVENT: &str = r#"{"id":"e-1","type":"entity.create","entity":{"name":"invoice","fields":[{"name":"id","type":"Uuid","nullable":false,"primaryKey":true}]}}"#;

/// A collector: its address, and the bodies that it is sent.
fn collector() -> (String, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/v1/traces", listener.local_addr().expect("an address"));
    let (sender, bodies) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("a connection"));
            let mut length = 0;
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).expect("a line");
                let header = line.trim().to_ascii_lowercase();
                if let Some(bytes) = header.strip_prefix("content-length:") {
                    length = bytes.trim().parse().expect("a number");
                }
                if header.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).expect("a body");
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.get_mut().write_all(answer.as_bytes()).expect("answered");
            sender.send(body).ok();
        }
    });
    (address, bodies)
}

fn run(directory: &Path, endpoint: &str, arguments: &[&str]) {
    let mut command = hookwright(directory, arguments);
    let output = command.env("HOOKWRIGHT_TRACES__ENDPOINT", endpoint).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_change_is_traced_from_its_events_to_its_statements() {
    let directory = tempfile::tempdir().expect("a directory");
    let (endpoint, bodies) = collector();
    std::fs::write(directory.path().join("event.json"), EVENT).expect("written");
    run(directory.path(), "", &["org", "add", "acme", "--database", "sqlite:acme.db"]);
    assert!(bodies.try_recv().is_err(), "nothing is sent where nothing is configured");
    run(directory.path(), &endpoint, &["event", "send", "--org", "acme", "event.json"]);
    let spans: Vec<u8> = bodies.try_iter().flatten().collect();
    let has = |text: &str| spans.windows(text.len()).any(|part| part == text.as_bytes());
    for text in ["hookwright", "change", "acme", "entity.after", "schema-sync", "statements", "CREATE TABLE"]
    {
        assert!(has(text), "{text} is not in what was sent: {}", String::from_utf8_lossy(&spans));
    }
}
