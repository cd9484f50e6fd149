"""A headless Chromium driven through chromedriver's WebDriver API; python standard library only."""
import base64
import json
import shutil
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zlib

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1"]
# Short words in every script: $ finds one, $$ all, $set writes a value into an input.
WORDS = """const $ = name => document.querySelector(name), $$ = name => [...document.querySelectorAll(name)];
const $set = (name, value, event = 'change') => {
  const node = $(name); node.value = value; node.dispatchEvent(new Event(event)); };
"""
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_packed(png):
    """The same picture, packed as tightly as zlib can."""
    at, head, pixels = 8, b"", b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        data = png[at + 8:at + 8 + length]
        head = data if kind == b"IHDR" else head
        pixels += data if kind == b"IDAT" else b""
        at += 12 + length
    packed = zlib.compress(zlib.decompress(pixels), 9)
    return png[:8] + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")


class Browser:
    """One window.  Use as a context manager: the driver and the browser end with it."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="open382-browser-")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True)
        try:
            self.session = None
            self.base = f"http://127.0.0.1:{self._port()}"
            self._open()
        except BaseException:
            self.close()
            raise

    def _port(self):
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                return int(line.rsplit(" ", 1)[1].strip(" .\n"))
        raise RuntimeError("chromedriver did not start")

    def _open(self):
        options = {"args": FLAGS + [f"--user-data-dir={self.profile}"],
                   "excludeSwitches": ["enable-automation"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL"}}
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{answer['sessionId']}"

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:600]) from None

    def _do(self, method, path, body=None):
        return self._call(method, self.session + path, body)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if self.session:
                self._do("DELETE", "")
        except (OSError, RuntimeError):
            pass
        self.driver.terminate()
        self.driver.wait(10)
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def go(self, url):
        self._do("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """Value of a function body in the page."""
        return self._do("POST", "/execute/sync", {"script": WORDS + script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self._do("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height, phone=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=2 if phone else 1, mobile=phone)

    def media(self, **features):
        """Emulate media features, e.g. prefers_color_scheme="dark"."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.devtools("Emulation.setEmulatedMedia", features=listed)

    def wait(self, script, *arguments, seconds=10, what=""):
        """Wait until a function body gives something true; give it back."""
        end = time.monotonic() + seconds
        while True:
            value = self.run(script, *arguments)
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s in vain: {what or script}")
            time.sleep(0.05)

    def _find(self, selector):
        return self._do("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def pointer(self, selector, hold_s=0.08, kind="mouse"):
        """Press and release at the middle of an element, with a real pointer."""
        origin = {ELEMENT: self._find(selector)}
        self._do("POST", "/actions", {"actions": [
            {"type": "pointer", "id": kind, "parameters": {"pointerType": kind}, "actions": [
                {"type": "pointerMove", "duration": 0, "origin": origin, "x": 0, "y": 0},
                {"type": "pointerDown", "button": 0},
                {"type": "pause", "duration": int(hold_s * 1000)},
                {"type": "pointerUp", "button": 0}]}]})

    def _mouse(self, selector, *actions):
        """Move, press and release at parts of an element's width: ("pointerMove", 0.25), ("pointerDown",) ..."""
        width = self.run("return $(arguments[0]).clientWidth", selector)
        origin = {ELEMENT: self._find(selector)}
        steps = [{"type": kind, "duration": 50, "origin": origin, "x": round((part[0] - 0.5) * width), "y": 0} if part
                 else {"type": kind, "button": 0} for kind, *part in actions]
        self._do("POST", "/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}]})

    def hover(self, selector, part):
        """Rest the mouse there: 0 is the element's left edge, 1 its right one."""
        self._mouse(selector, ("pointerMove", part))

    def drag(self, selector, begin, end):
        self._mouse(selector, ("pointerMove", begin), ("pointerDown",), ("pointerMove", end), ("pointerUp",))

    def keys(self, selector, *keys):
        """Type keys into an element."""
        self._do("POST", f"/element/{self._find(selector)}/value", {"text": "".join(keys)})

    def picture(self, path=None):
        data = png_packed(base64.b64decode(self._do("GET", "/screenshot")))
        if path:
            with open(path, "wb") as file:
                file.write(data)
        return data

    def console(self):
        """Errors that the page or the browser wrote to the console since the last call."""
        return [entry["message"] for entry in self._do("POST", "/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]
