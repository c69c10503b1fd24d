//! A real browser, driven through its debugging protocol (<https://chromedevtools.github.io/devtools-protocol>):
//! Debian's Chromium, which reaches no address but this machine's.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// Long enough for a browser on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A page in a browser of its own, which ends with this value.
pub struct Page {
    child: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    calls: u64,
    /// What the browser complained of: errors of scripts, and what the page's policy refused.
    pub complaints: Vec<String>,
    _profile: TempDir,
}

impl Page {
    /// Starts the browser, with an empty page.
    pub fn open(browser: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new(browser)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--remote-debugging-port=0", "--window-size=1280,1000", "--hide-scrollbars"])
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = said
            .find_map(|line| Some(line.unwrap().strip_prefix("DevTools listening on ")?.to_owned()))
            .unwrap();
        // What it says from here on must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        let authority = address.trim_start_matches("ws://").split('/').next().unwrap();
        let stream = TcpStream::connect(authority).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(&address, stream).unwrap();
        let (session, complaints) = (String::new(), Vec::new());
        let mut page = Self { child, socket, session, calls: 0, complaints, _profile: profile };
        let target = page.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = page.call("Target.attachToTarget", &attach);
        page.session.push_str(attached["sessionId"].as_str().unwrap());
        for domain in ["Page", "Runtime", "Log"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page
    }

    /// One call of the protocol; gives its result.
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": params});
        if !self.session.is_empty() {
            call["sessionId"] = self.session.clone().into();
        }
        self.socket.send(Message::text(call.to_string())).unwrap();
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else { continue };
            let mut message: Value = serde_json::from_str(&text).unwrap();
            if message["id"] == self.calls {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].take();
            }
            let complaints = ["Runtime.exceptionThrown", "Log.entryAdded"];
            // Remarks are none, such as that it did not put the cursor where the test had put it already.
            let is_remark = message["params"]["entry"]["level"] == "info";
            if complaints.iter().any(|kind| message["method"] == *kind) && !is_remark {
                self.complaints.push(message["params"].to_string());
            }
        }
    }

    /// Goes to an address.
    pub fn go(&mut self, address: &str) {
        let gone = self.call("Page.navigate", &json!({"url": address}));
        assert_eq!(gone["errorText"], Value::Null, "{address}");
    }

    /// The value of an expression, as JSON; null while the page is being changed for another.
    pub fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true});
        self.call("Runtime.evaluate", &params)["result"]["value"].take()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn until(&mut self, expression: &str) {
        let begun = Instant::now();
        while self.value(expression) != true {
            let waited = begun.elapsed();
            assert!(waited < PATIENCE, "in vain: {expression}\n{}", self.state());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a person would see, and what the browser complained of.
    fn state(&mut self) -> String {
        let text = self.value("document.body.innerText");
        format!("{text}\n{:?}", self.complaints)
    }

    /// Presses the mouse on the element of a selector, as a person does.
    pub fn click(&mut self, selector: &str) {
        let find = format!(
            "(() => {{ const e = document.querySelector({selector:?}); if (!e) return null;
             e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect();
             return [b.x + b.width / 2, b.y + b.height / 2]; }})()"
        );
        self.until(&format!("document.querySelector({selector:?}) !== null"));
        let place = self.value(&find);
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1
            });
            self.call("Input.dispatchMouseEvent", &params);
        }
    }

    /// Types into the element of a selector.
    pub fn write(&mut self, selector: &str, text: &str) {
        self.click(selector);
        self.call("Input.insertText", &json!({"text": text}));
    }

    /// Has the pages loaded from now on run no script, or run them again.
    pub fn without_scripts(&mut self, without: bool) {
        self.call("Emulation.setScriptExecutionDisabled", &json!({"value": without}));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
