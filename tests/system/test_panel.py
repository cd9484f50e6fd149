"""The front panel in a real browser, against a real meter.

Usage: test_panel.py BUILD_DIR SOURCE_DIR [--pictures]    (--pictures renews docs/pictures/panel-*.png)
"""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

BUILD, SOURCE = sys.argv[1], sys.argv[2]
sys.path.insert(0, os.path.join(SOURCE, "tests", "system", "panel"))
from browser import Browser  # noqa: E402

DESK, LAPTOP, PHONE = (1600, 1000), (1180, 900), (360, 740)
RIGHT = "\ue014"  # the arrow key

# Reads the glass as an eye does: which polygons are lit, not what the page was told.
READ_VALUE = """
  const font = {0: 0x3F, 1: 0x06, 2: 0x5B, 3: 0x4F, 4: 0x66, 5: 0x6D, 6: 0x7D, 7: 0x07, 8: 0x7F, 9: 0x6F,
    '-': 0x40, ' ': 0};
  const names = Object.fromEntries(Object.entries(font).map(([name, bits]) => [bits, name]));
  const polygons = $$('#lcd > g:not(.only-m) > polygon');
  const lit = polygons.map(node => getComputedStyle(node).opacity > 0.5);
  const digit = (from, n) => Array.from({length: n}, (_, k) => names[lit.slice(from + 7 * k, from + 7 * k + 7)
    .reduce((bits, on, i) => bits | on << i, 0)] ?? '?').join('');
  return {ident: digit(0, 7), value: digit(7 * 7, 9)};
"""


class Meter:
    """meter382 with its panel on a free port; simulated time runs as fast as the wall clock."""

    def __init__(self, *arguments, before=None):
        """before: arguments of a run that fills the memory first."""
        self.folder = tempfile.TemporaryDirectory(prefix="open382-panel-")
        command = [os.path.join(BUILD, "meter382"), "--headless", "--data", self.folder.name]
        if before:
            subprocess.run([*command, *before], check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [*command, "--panel", "127.0.0.1:0", "--optical", "tcp:127.0.0.1:0", *arguments],
            stdout=subprocess.PIPE, text=True)
        self.url = self.optical = None
        for line in self.process.stdout:
            if line.startswith("optical tcp "):
                self.optical = line.split()[2]
            if line.startswith("panel "):
                self.url = line.split()[1]
                break
        if self.url is None:
            raise SystemExit("meter382 opened no panel")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def state(self):
        with urllib.request.urlopen(f"{self.url}api/state", timeout=10) as answer:
            return json.load(answer)

    def post(self, path, body):
        data = json.dumps(body).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", data), timeout=10).close()

    def control(self, name, value):
        self.post("api/control", {"name": name, "value": value})


def check(truth, what):
    if not truth:
        raise AssertionError(what)


def line(browser):
    return browser.run("return $('#lcd-line').textContent")


def opened(browser, meter, size=DESK, phone=False):
    browser.size(*size, phone)
    browser.go(meter.url)
    browser.wait("return $('#serial').textContent !== '\u2013'", what="the first state")


# REQ(DIS-01, DIS-11): what the glass shows, segment by segment, is what the meter's frame says
def lcd_shows_the_frame(browser, meter):
    opened(browser, meter)
    browser.wait("return $('#lcd-line').textContent.startsWith('1.8.0')",
                 seconds=30, what="the automatic list behind the power-up sequence")
    for _ in range(5):
        state = meter.state()["display"]
        glass = browser.run(READ_VALUE)
        if state["line"] == line(browser):
            break
        time.sleep(0.2)
    fields = state["line"].split("  ")
    check(line(browser) == state["line"], f"page says {line(browser)!r}, meter {state['line']!r}")
    check(glass["ident"].replace(" ", "") == fields[0].replace(".", ""), f"ident {glass}, {fields}")
    value = fields[1].split(" ")[0].replace(".", "").replace(":", "")
    check(glass["value"].strip() == value, f"value {glass}, {fields}")


# REQ(DIS-07): the reading steps when the button comes up: by mouse, by touch, by keyboard
def buttons_step_the_readings(browser, meter):
    browser.pointer("#button-left")
    browser.wait("return $('#lcd-line').textContent.startsWith('1.8.0')", what="manual list")
    for act in (lambda: browser.pointer("#button-left"), lambda: browser.pointer("#button-left", kind="touch"),
                lambda: browser.keys("#button-left", " "), lambda: browser.keys("#button-left", "\ue007")):
        before = line(browser).split("  ")[0]
        act()
        browser.wait("return $('#lcd-line').textContent.split('  ')[0] !== arguments[0]",
                     before, what=f"a step from {before}")
    said = browser.run("return $('#lcd-said').textContent")
    check(said == line(browser), f"a screen reader hears {said!r}")


# A press of six seconds is a long press: its ring is full, and the reading stays.
def a_long_press_is_seen_and_steps_nothing(browser, meter):
    before = line(browser).split("  ")[0]
    browser.run("""window.longest = 0; window.isLong = false; const ring = $('#button-left .hold');
      window.watch = setInterval(() => { longest = Math.max(longest, parseFloat(ring.style.strokeDasharray) || 0);
        isLong ||= ring.closest('button').classList.contains('long'); }, 50)""")
    browser.pointer("#button-left", hold_s=6.6)
    time.sleep(0.5)
    longest, is_long = browser.run("clearInterval(watch); return [longest, isLong]")
    check(longest == 100 and is_long, f"the ring came to {longest} %")
    check(line(browser).split("  ")[0] == before, f"the long press stepped from {before} to {line(browser)}")


# Sliders and numbers reach the mains; the measured values and the phasors follow.
def controls_move_the_mains(browser, meter):
    phasor = "return $$('#phasors line.u')[0].getAttribute('y2')"
    before = float(browser.run(phasor))
    browser.run("$set('#set-u1', 200); $set('#set-i1', 12.5); $set('#set-phi1', 60);")
    browser.wait("""const cells = $$('#phases .row1 td').map(td => parseFloat(td.textContent));
      return Math.abs(cells[0] - 200) < 0.5 && Math.abs(cells[1] - 12.5) < 0.05 && Math.abs(cells[6] - 60) < 0.5;""",
                 what="200 V, 12.5 A, 60 degrees in the table")
    check(abs(float(browser.run(phasor))) < abs(before), "the voltage phasor did not shrink")
    control = meter.state()["mains"]["control"]
    check((control["u1"], control["i1"], control["phi1"]) == (200, 12.5, 60), f"{control}")
    browser.run("$set('[aria-label^=\"Current of L2\"][type=range]', 500, 'input')")
    browser.wait("return parseFloat($$('#phases .row2 td')[1].textContent) === 12.5",
                 what="the slider's cube: half way is an eighth of 100 A")
    browser.run("$set('#set-thd_i', 30)")
    browser.wait("return $('#wave-scale').textContent === 'with harmonics'", what="harmonics")
    browser.run("$('#reset').click()")
    browser.wait("return parseFloat($$('#phases .row1 td')[1].textContent) === 5", what="reset")


# The LED flashes for each pulse: the lamp is watched, the counter compared.
def the_led_flashes_with_the_pulses(browser, meter):
    browser.run("""window.flashes = 0; const lamp = $('#led');
      new MutationObserver(all => all.forEach(() => flashes += lamp.classList.contains('on') ? 1 : 0))
        .observe(lamp, {attributes: true, attributeFilter: ['class']});""")
    before = meter.state()["pulses"]["emitted"]
    browser.wait("return flashes >= 4", seconds=20, what="four flashes")
    check(meter.state()["pulses"]["emitted"] - before >= 3, "the meter's own counter stands still")


# REQ(DIS-14): magnet and cover, from the page's switches to the symbols on the glass
def switches_reach_the_meter(browser, meter):
    for name in ("magnet", "cover"):
        browser.run("$('#act-' + arguments[0]).click()", name)
        browser.wait("return $('#lcd-line').textContent.includes('ERROR TAMPER')", what=name)
        check(meter.state()["inputs"][name] is True, name)
        browser.run("$('#act-' + arguments[0]).click()", name)
        browser.wait("return !$('#lcd-line').textContent.includes('TAMPER')", what=name)
    browser.run("$('#act-seal').click()")
    browser.wait("return $('#act-seal').getAttribute('aria-pressed') === 'true'", what="seal open")
    check(meter.state()["inputs"]["seal"] is True, "seal")
    browser.run("$('#act-seal').click()")
    browser.wait("return $('#act-seal').getAttribute('aria-pressed') === 'false'", what="seal closed")
    browser.run("$('#act-terminal_cover').click()")
    browser.wait("return $('#terminal-cover').classList.contains('off')", what="terminal cover")
    browser.run("$('#act-terminal_cover').click()")


# REQ(EVT-01, SEC-07): what the switches did stands on the card, with its alarm
def tampering_is_told(browser, meter):
    opened(browser, meter)
    row = "return ($$('#tampering .act-row').find(node => node.textContent.startsWith('Terminal cover')) || {textContent: ''}).textContent"
    before = browser.run(row)
    browser.run("$('#act-terminal_cover').click()")
    browser.wait(f"{row}.startsWith('Terminal cover opennow')", what="the open cover")
    check(browser.run("return $('#alarms-raised').textContent").find("terminal cover open") > 0, "the alarm in words")
    browser.run("$('#act-terminal_cover').click()")
    browser.wait(f"{row}.startsWith('Terminal cover openover')", what="it is shut")
    check(browser.run(row).endswith("alarm") and browser.run(row) != before, "counted, and its alarm stays")
    browser.run("$('#act-sequence').click()")
    browser.wait("return $$('#tampering .holds').some(node => node.textContent.startsWith('Phases in the order'))", what="swapped phases")
    browser.run("$('#act-sequence').click()")
    browser.wait("return !$$('#tampering .holds').some(node => node.textContent.startsWith('Phases in the order'))", what="and back")


# REQ(MOD-03, MOD-15, MOD-16, RAD-03): a module is chosen or dragged into its slot, answers, and is pulled out again
def modules_are_plugged_in_the_bay(browser, meter):
    opened(browser, meter)
    told = "return $('#bay-slots').textContent"
    browser.wait(f"{told}.includes('Empty')", what="the empty slot")
    check(browser.run("return $$('.bay-slot').length") == 1 and browser.run("return $('#bay-radio').textContent") == "Radio on", "one slot")
    check(browser.run("return $('#bay-slots button').disabled"), "nothing is chosen yet")
    browser.run("$set('#bay-slots select', 'mbus'); $('#bay-slots button').click()")
    browser.wait("return $('.bay-code') !== null", what="the module")
    check(browser.run("return $('.bay-code').textContent") == "005" and browser.run("return $('.bay-other').textContent") == "The configuration names none",
          browser.run(told))
    check(browser.run("return $('#bay-radio').textContent") == "Radio off", "the radio is off beside it")
    port = int(browser.run("return $('.bay-fine.mono').textContent").split(":")[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as master:
        master.sendall(bytes.fromhex("105bfe5916"))
        check(master.recv(1) == b"\x68", "the module answers a master")
    browser.run("$('.bay-slot button').click()")
    browser.wait(f"{told}.includes('Empty')", what="pulled out")
    browser.run("""
      const data = new DataTransfer();
      const fire = (node, kind) => node.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
      fire($$('#bay-shelf > *').find(node => node.textContent.startsWith('005')), 'dragstart');
      fire($('.bay-slot.free'), 'dragover'); fire($('.bay-slot.free'), 'drop');""")
    browser.wait("return $('.bay-code') !== null", what="dropped in")
    meter.post("api/module", {"slot": 1, "pull": True})
    browser.wait(f"{told}.includes('Empty')", what="pulled by the API")
    meter.post("api/module", {"slot": 1, "plug": "rs232"})
    browser.wait("return $$('.bay-terminals > *').length === 3", what="terminals")
    browser.run("$('.bay-input').click()")
    browser.wait("return $('.bay-input').getAttribute('aria-pressed') === 'true'", what="voltage at the input")
    browser.run("$('.bay-input').click()")
    browser.wait("return $('.bay-input').getAttribute('aria-pressed') === 'false'", what="none at the input")
    check(browser.run("return $('.bay-output').textContent") == "out1 off", "an output")
    meter.post("api/module", {"slot": 1, "pull": True})
    browser.wait(f"{told}.includes('Empty')", what="pulled again")
    for body in ({"slot": 1, "pull": True}, {"slot": 2, "plug": "mbus"}, {"slot": 1, "plug": "plc"}, {"slot": 9, "pull": True}, {"slot": 1}):
        try:
            meter.post("api/module", body)
            check(False, f"{body} is taken")
        except urllib.error.HTTPError as refused:
            check(refused.code == 400 and "error" in json.load(refused), f"{body}")


# REQ(X-MET-7, DIS-08): a power cut darkens every segment; a press wakes the back-up; supply starts it anew
def a_power_cut_blanks_the_lcd(browser, meter):
    lit = "return $$('#lcd .lit').length"
    check(browser.run(lit) > 20, "the glass is already dark")
    browser.run("$('#act-supply').click()")
    browser.wait("return $$('#lcd .lit').length === 0", seconds=15, what="a dark glass")
    browser.wait("return $('#act-supply').getAttribute('aria-pressed') === 'true'", what="the switch")
    browser.pointer("#button-left")
    browser.wait("return $('#lcd-line').textContent.startsWith('1.8.0')", what="the back-up list")
    browser.run("$('#act-supply').click()")
    browser.wait("return $('#lcd-line').textContent.startsWith('96.54.1')", seconds=15, what="a restart")
    check(browser.run(lit) > 20, "the glass stays dark")


# No scroll to the side at 360 px, nothing spilled, and every control has a name.
def the_page_fits_a_phone(browser, meter):
    opened(browser, meter, PHONE, phone=True)
    time.sleep(0.5)
    check(browser.run("return scrollY") == 0, "the page does not begin at its top")
    for view in browser.run("return $$('[role=tab]').map(tab => tab.id)"):
        browser.run("$('#' + arguments[0]).click()", view)
        time.sleep(0.2)
        width = browser.run("return [document.documentElement.scrollWidth, document.body.scrollWidth]")
        check(max(width) <= 360, f"{view}: {width} px wide at 360")
    nameless = browser.run("""return $$('button, input').filter(node => !(node.getAttribute('aria-label')
      || node.labels?.length || node.textContent.trim())).map(node => node.outerHTML)""")
    check(not nameless, f"without a name: {nameless}")


# Both colour schemes follow the system; the button overrides it; text keeps its contrast.
def both_colour_schemes(browser, meter):
    seen = []
    for scheme in ("light", "dark"):
        browser.media(prefers_color_scheme=scheme)
        opened(browser, meter)
        contrast = browser.run("""
          const light = colour => { const [r, g, b] = colour.match(/[\\d.]+/g).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const card = light(getComputedStyle($('.card')).backgroundColor);
          return ['h2', '.tile b', '.tile span', 'summary', '.health dt'].map(name => {
            const ink = light(getComputedStyle($(name)).color);
            return (Math.max(ink, card) + 0.05) / (Math.min(ink, card) + 0.05); });""")
        check(min(contrast) >= 4.5, f"{scheme}: contrast {contrast}")
        seen.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    check(seen[0] != seen[1], f"both schemes are {seen[0]}")
    browser.run("$('#theme').click()")
    check(browser.run("return getComputedStyle(document.body).backgroundColor") == seen[0], "the button does nothing")
    browser.run("$('#theme').click()")
    browser.media(prefers_color_scheme="light")


# REQ(EVT-05): voltages by the half cycle, bars of the harmonics, and what happened to the voltage
def voltage_quality_is_shown(browser, meter):
    opened(browser, meter)
    browser.run("$('#tab-quality').click()")
    meter.control("thd_u", 9)
    browser.wait("return $$('#harmonics .bar-over').length === 1 && $('#harmonics .bar-over title').textContent"
                 ".startsWith('Order 5: 9.00 %')", what="the fifth harmonic, beyond its limit of 6 %")
    cells = browser.run("return $$('#quality-phases .row1 td').map(td => parseFloat(td.textContent))")
    check(abs(cells[0] - 230.9) < 0.5 and cells[4] == 9, f"U rms(1/2) and THD: {cells}")
    browser.run("$$('#harmonics-of button').find(node => node.textContent === 'I').click()")
    check(browser.run("return $('#harmonics').getAttribute('aria-label')").endswith("none above 0.1 percent"),
          "the current has no harmonics")
    meter.control("thd_u", 0)
    meter.control("u2", 180)
    browser.wait("return $('#quality-events').textContent.includes('Undervoltage begins L2')", what="the event")
    meter.control("u2", 230)
    browser.wait("return $('#quality-events').textContent.includes('Undervoltage is over L2')", what="its end")
    low = browser.run("return parseFloat($$('#quality-phases .row2 td')[1].textContent)")
    check(abs(low - 180) < 0.5, f"lowest of L2 today: {low}")
    browser.run("$('#quality-more').open = true")
    check("Undervoltage below207 V" in browser.run("return $('#quality-limits').textContent"), "the limits")
    check("10-minute intervals" in browser.run("return $('#quality-weeks').textContent"), "the weeks")


# Tabs as the keyboard and the page's address have them: one view at a time, its name kept over a reload.
def views_are_tabs(browser, meter):
    opened(browser, meter)
    views = "return $$('[role=tabpanel]').filter(view => !view.hidden).map(view => view.id)"
    check(browser.run(views) == ["view-live"], "the first view")
    browser.keys("#tab-live", RIGHT)
    check(browser.run(views) == ["view-history"] and browser.run("return document.activeElement.id") == "tab-history",
          "an arrow goes to the next tab")
    check(browser.run("return location.hash") == "#history", "the address names the view")
    check(browser.run("return $$('[role=tab]').filter(tab => tab.tabIndex === 0).length") == 1, "one stop of the Tab key")
    browser.run("location.reload()")
    browser.wait("return $('#serial')?.textContent !== '\u2013'", what="the page again")
    check(browser.run(views) == ["view-history"], "the view after a reload")


# REQ(LPR-01): the curve of the load profile: 3.45 kW, an outage, days in the meter's own time, by mouse and by keys
def the_load_profile_is_drawn(browser, meter):
    opened(browser, meter)
    browser.run("$('#tab-history').click()")
    browser.wait("return $('#profile-range').textContent === '16 Mar \u2013 22 Mar 2026'", what="the newest week")
    browser.run("$$('#profile-period button').find(node => node.textContent === 'Day').click()")
    browser.wait("return $('#profile-range').textContent === 'Fri 20 Mar 2026'", what="the newest day")
    browser.hover("#profile-chart .u-over", 0.04)
    read = browser.wait("const text = $('#profile-read').textContent; return text.includes('outage') && text",
                        what="the outage in words")
    check(read == "Fri 20 Mar 2026 00:45 \u2013 01:00 · import A+ 0.000 kW (0.000 kWh) · outage", read)
    browser.run("$('#profile-earlier').click()")
    browser.wait("return $('#profile-range').textContent === 'Thu 19 Mar 2026'", what="the day before")
    browser.hover("#profile-chart .u-over", 0.505)
    read = browser.wait("const text = $('#profile-read').textContent; return text.includes('12:00') && text", what="noon")
    check(read in [f"Thu 19 Mar 2026 12:00 \u2013 12:15 · import A+ {power} kW ({energy} kWh)"  # of whole watt-hours
                   for power, energy in (("3.448", "0.862"), ("3.452", "0.863"))], read)
    filled = browser.run("""const canvas = $('#profile-chart canvas'), at = [0.5, 0.6].map((part, i) =>
      Math.round(part * [canvas.width, canvas.height][i]));
      return canvas.getContext('2d').getImageData(...at, 1, 1).data[3]""")
    check(filled > 0, "nothing is drawn under 3.45 kW")
    browser.drag("#profile-chart .u-over", 0.25, 0.5)
    browser.wait("return /^Thu 19 Mar 2026, 0[56]:.. \u2013 1[12]:..$/.test($('#profile-range').textContent)",
                 what="the quarter of a day dragged over")
    browser.keys("#profile-chart", "0")
    browser.wait("return $('#profile-range').textContent === '28 Feb \u2013 20 Mar 2026'", what="all of it")
    browser.run("$$('#profile-unit button').find(node => node.textContent === 'kWh').click()")
    browser.wait("return $('#profile-what').textContent === 'active energy, kWh, by the day'", what="bars of days")
    browser.hover("#profile-chart .u-over", 0.5)
    read = browser.wait("const text = $('#profile-read').textContent; return text.includes('82.80') && text", what="a day")
    check("A+ 3.450, at most 3.452 kW (82.800 kWh)" in read, read)
    link = browser.run("return $('#profile-csv').href")
    with urllib.request.urlopen(link, timeout=10) as answer:
        rows = answer.read().decode().splitlines()
    check(len(rows) > 1800 and rows[0].startswith("id,time,utc,A+ kWh"), f"{len(rows)} rows of CSV")


# REQ(EVT-04, EVT-05): what happens stands in the list at once, in words, and is counted on the tab until somebody looks
def events_are_told(browser, meter):
    opened(browser, meter)
    before = browser.run("return Number($('#events-badge').textContent)")
    browser.run("$('#act-magnet').click()")
    browser.wait("return !$('#events-badge').hidden && Number($('#events-badge').textContent) > arguments[0]", before,
                 what="one more on the tab")
    browser.run("$('#tab-events').click()")
    first = "return ($('#events .event') || {textContent: ''}).textContent"
    browser.wait(f"{first}.endsWith('MeterMagnet')", what="the magnet in the list")
    check(browser.run("return $('#events .event').classList.contains('fresh')"), "what is new is marked")
    check(browser.run("return $('#events .event .event-unread') !== null"), "no client has read it")
    check(browser.run("return $('#events-badge').hidden"), "somebody looks")
    browser.run("$('#act-magnet').click()")
    browser.wait(f"{first}.endsWith('MeterOver: magnet')", what="its end, live")
    check(browser.run("return $('#events-said').textContent") == "Meter: over: magnet", "told to a screen reader")
    tool = [os.path.join(BUILD, "metertool"), "-m", f"kmp+tcp://{meter.optical}", "events", "status"]
    subprocess.run([*tool, "new"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*tool, "done"], check=True)
    browser.run("$$('#events-of button').find(node => node.textContent === 'Meter').click()")
    browser.wait("return $('#events .event .event-unread') === null", what="read out by a client")
    words = subprocess.run(tool, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]
    check(words.endswith("over: magnet"), f"the same words: {words}")


# REQ(X-LPR-4, BIL-08): the logs on the glass, by the button alone: two seconds open one, six leave it
def logs_are_read_on_the_glass(browser, meter):
    opened(browser, meter)
    browser.wait("return $('#lcd-line').textContent.startsWith('1.8.0')", seconds=30, what="the automatic list")
    while not meter.state()["display"]["line"].startswith("P.01"):  # the list has thirty readings
        meter.post("api/button", {"button": "left", "pressed": True})
        meter.post("api/button", {"button": "left", "pressed": False})
    browser.wait("return $('#lcd-line').textContent.startsWith('P.01')", what="the load profile's reading")
    check(re.match(r"P\.01  18\d\d  LOG", line(browser)), f"the load profile's reading: {line(browser)}")
    for shown in ("2026____  YEAR", "202603__  MON", "2026:03:20  DAY", "01____  HOUR", "01:15:00  MIN"):
        browser.pointer("#button-left", hold_s=2.1)
        browser.wait("return $('#lcd-line').textContent.startsWith('P.01  ' + arguments[0])", shown, what=shown)
    browser.pointer("#button-left", hold_s=2.1)
    browser.wait("return /^1.8.0  \\d{7} kWh  A\\+/.test($('#lcd-line').textContent)", what="the record's register")
    check(browser.run(READ_VALUE)["ident"].strip() == "180", "on the glass as well")
    browser.pointer("#button-left", hold_s=6.2)
    browser.wait("return /^P.01  18\\d\\d  LOG/.test($('#lcd-line').textContent)", what="the log is left")


# A second that a person presses is a second of the display, however fast the meter's time runs.
def a_press_is_a_press_at_any_speed(browser, meter):
    opened(browser, meter)
    meter.post("api/speed", {"speed": 100})
    time.sleep(0.3)
    browser.pointer("#button-left", hold_s=0.2)  # twenty of the meter's seconds
    browser.wait("return $('#lcd-line').textContent.startsWith('1.8.0')", what="the manual list")
    browser.pointer("#button-left", hold_s=0.2)
    browser.wait("return $('#lcd-line').textContent.startsWith('2.8.0')", what="its second reading")
    meter.post("api/speed", {"speed": 1})


# The analysis logger, off as delivered, set going by a client: its values as curves, live
def the_analysis_logger_is_drawn(browser, meter):
    opened(browser, meter)
    browser.run("$('#tab-history').click()")
    said = browser.wait("const none = $('#analysis-none'); return !none.hidden && none.textContent", what="off")
    command = said.split("Start it: ")[1].split()
    subprocess.run([os.path.join(BUILD, command[0]), "-m", f"kmp+tcp://{meter.optical}", *command[1:]], check=True,
                   stdout=subprocess.DEVNULL)
    meter.post("api/speed", {"speed": 3600})
    browser.wait("return $$('#analysis-of option').length > 3 && !$('#analysis-body').hidden", seconds=20, what="a record")
    meter.post("api/speed", {"speed": 1})
    browser.run("""const choice = $('#analysis-of'); choice.value = 'Mean voltage, V';
      choice.dispatchEvent(new Event('change'))""")
    browser.wait("return $('#analysis-read').textContent.startsWith('L1 230.00 to 230.00 V · L2 230.00')", what="voltages")
    check(browser.run("return $('#analysis-key').children.length") == 3, "a line for each phase")


# REQ(BIL-02): the debiting periods, newest first, with what was used in them and their peaks
def debiting_periods_are_listed(browser, meter):
    opened(browser, meter)
    browser.run("$('#tab-history').click()")
    browser.wait("return $$('#billing tbody tr').length === 1", what="the stop at the beginning of March")
    check(browser.run("return $('#billing tbody th').textContent") == "2026-03-01 00:00by date", "when and why")
    subprocess.run([os.path.join(BUILD, "metertool"), "-m", f"kmp+tcp://{meter.optical}", "debit"], check=True,
                   stdout=subprocess.DEVNULL)
    browser.wait("return $$('#billing tbody tr').length === 2", what="the stop by command, live")
    cells = browser.run("return $$('#billing tbody tr:first-child > *').map(cell => cell.textContent)")
    check(cells[0].endswith("by command") and 1500 < float(cells[1].replace("\u2009", "")) < 1600, f"{cells}")
    peak = browser.run("return $$('#billing thead th').findIndex(cell => cell.textContent === '1.6.0kW')")
    check(cells[peak].startswith("3.450"), f"P+max: {cells[peak]}")


def registers_are_listed(browser, meter):
    opened(browser, meter)
    browser.run("$('#all').open = true")
    rows = browser.wait("return $$('#registers tr').length", what="the register list")
    check(rows > 50, f"{rows} registers")
    check("Active energy A+" in browser.run("return $('#registers tr').textContent"), "no names")
    browser.run("$set('#filter', '32.7.0', 'input')")
    check(browser.run("return $$('#registers tr').filter(row => !row.hidden).length") in range(1, rows), "filter")


def a_lost_meter_is_told(browser, meter):
    opened(browser, meter)
    check(browser.run("return $('#lost').hidden"), "the banner is there too early")
    meter.stop()
    browser.wait("return !$('#lost').hidden", seconds=15, what="the banner")
    browser.console()  # the browser's own lines about the refused connection


# REQ(DIS-20): digits of 7 mm (value), 5 mm (identification) and 3 mm (voltage, tariff), in proportion
def digits_have_their_heights(browser, meter):
    heights = browser.run("""
      const height = nodes => { const boxes = nodes.map(node => node.getBBox());
        return Math.max(...boxes.map(b => b.y + b.height)) - Math.min(...boxes.map(b => b.y)); };
      const digits = $$('#lcd > g:not(.only-m) > polygon');
      return [height(digits.slice(49, 56)), height(digits.slice(0, 7)),
        height($$('#lcd > polygon').slice(-7))];""")
    for height, millimetres in zip(heights, (7, 5, 3)):
        check(abs(height - millimetres) < 0.15, f"{heights} for 7, 5 and 3 mm")


# REQ(X-BRK-5, ENV-12): the button reaches the view and acts after 6 s; the lamps and the house follow; the warning stands there
def the_breaker_is_shown(browser, meter):
    opened(browser, meter)
    browser.wait("return $('#lcd-line').textContent.startsWith('1.8.0')", seconds=30)
    shown = "return [$('#breaker').hidden, $('#house').classList.contains('live'), $('#house').dataset.position]"
    check(browser.run(shown) == [False, True, "closed"], f"closed: {browser.run(shown)}")
    check("no safety device" in browser.run("return $('#breaker').innerText"), "the warning")
    browser.run("$('#button-left').focus()")
    browser.pointer("#button-left")
    browser.wait("return $('#lcd-line').textContent.startsWith('128.0.0')", what="the disconnect view")
    browser.pointer("#button-left", hold_s=6.6)
    browser.wait("return $('#house').dataset.position === 'open'", seconds=20, what="an open breaker")
    check(not browser.run("return $('#house').classList.contains('live')"), "the house is dark")
    check("opened by the button" in browser.run("return $('#breaker-words').textContent"), "words")
    check(browser.run("return $('#breaker-lamp').classList.contains('flash')"), "the red lamp flashes")
    browser.pointer("#button-left", hold_s=6.6)
    browser.wait("return $('#house').classList.contains('live')", seconds=20, what="the house live again")
    check("closed" in browser.run("return $('#breaker-words').textContent"), "closed again")


def tool(meter, *arguments):
    done = subprocess.run([os.path.join(BUILD, "metertool"), "-m", f"kmp+tcp://{meter.optical.split(',')[0]}", *arguments],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    check(done.returncode == 0, f"{arguments}: {done.stderr}")


# REQ(PRE-05): what is left, and a token keyed in there
def the_credit_is_shown(browser, meter):
    key = os.path.join(meter.folder.name, "vending.key")
    with open(key, "w", encoding="ascii") as file:
        file.write("000102030405060708090a0b0c0d0e0f\n")
    os.chmod(key, 0o600)
    opened(browser, meter)
    check(browser.run("return $('#prepay').hidden"), "nothing of it before it is used")
    tool(meter, "prepay", "load", "5", "--yes")
    tool(meter, "prepay", "on", "--yes")
    tool(meter, "prepay", "key", key, "vending")
    browser.wait("return $('#prepay-words').textContent.includes('kWh left')", what="the credit")
    for digits, said in (("00000001101192506558", "Not taken: wrong token"), ("00000001101192506557", "has been taken"),
                         ("00000001101192506557", "Not taken: this token has been taken before")):
        browser.run("const field = $('#prepay-token'); field.value = arguments[0]; field.dispatchEvent(new Event('input'));"
                    "$('#prepay-form').requestSubmit()", digits)
        browser.wait(f"return $('#prepay-said').textContent.includes('{said}')", what=said)
    browser.wait("return /Prepayment: 1[45]\\.\\d{3} kWh left/.test($('#prepay-words').textContent)", what="ten more")


# REQ(CCC-03): what the customer port has pushed, to whom, and when the next list is due
def the_customer_port_is_shown(browser, meter):
    opened(browser, meter)
    browser.wait("return $('#consumer').innerText.includes('HAN list 1, 2')", seconds=20, what="a list on the panel")
    text = browser.run("return $('#consumer').innerText")
    check("nobody listens" in text and "tcp 127.0.0.1:" in text, text)
    port = next(p for p in meter.state()["consumer"])
    with socket.create_connection(("127.0.0.1", int(port["port"].rsplit(":", 1)[1])), timeout=10):
        browser.wait("return $('#consumer').innerText.includes('one listens')", what="a listener on the panel")
    check(port["last"][-2:] in ("0Z", "5Z") and port["next"][-2:] in ("0Z", "5Z") and port["count"] > 0, f"{port}")


CHECKS = [lcd_shows_the_frame, digits_have_their_heights, buttons_step_the_readings,
          a_long_press_is_seen_and_steps_nothing, controls_move_the_mains, the_led_flashes_with_the_pulses,
          switches_reach_the_meter, events_are_told, voltage_quality_is_shown, a_power_cut_blanks_the_lcd, registers_are_listed,
          tampering_is_told,
          the_page_fits_a_phone, both_colour_schemes, views_are_tabs]

# Against a meter that has counted for some weeks and was off for an hour.
PAST = ["--mains", "u=230,i=5", "--speed", "max", "--start", "2026-02-28T20:00:00Z", "--until",
        "459.28h"]
NOW = ["--mains", "u=230,i=5", "--start", "2026-03-20T00:20:00Z"]
HISTORY_CHECKS = [logs_are_read_on_the_glass, a_press_is_a_press_at_any_speed, the_load_profile_is_drawn,
                  debiting_periods_are_listed, the_analysis_logger_is_drawn]


def take_pictures():
    """A meter that has counted a real house for a month, in both schemes and on a phone."""
    folder = os.path.join(SOURCE, "docs", "pictures")
    os.makedirs(folder, exist_ok=True)
    month = ["--mains", "house", "--speed", "max", "--start", "2026-10-24T18:20:00Z", "--until", "28d"]
    with Meter("--mains", "house", "--start", "2026-11-21T18:20:00Z", before=month) as meter, Browser() as browser:
        for name, size, phone, scheme in (("light", (1480, 900), False, "light"), ("phone", (390, 820), True, "light"),
                                          ("history", (1480, 900), False, "light"), ("dark", (1480, 900), False, "dark")):
            if name == "dark":
                for control, value in (("i2", 2.4), ("phi2", 35), ("i3", 9.1), ("phi3", -12), ("thd_i", 12)):
                    meter.control(control, value)
            browser.media(prefers_color_scheme=scheme)
            opened(browser, meter, size, phone)
            browser.wait("return $('#lcd-line').textContent.startsWith('1.8.0')", seconds=90)
            if name == "history":
                browser.run("$('#tab-history').click()")
            time.sleep(2)
            browser.picture(os.path.join(folder, f"panel-{name}.png"))


def run_checks(checks, browser, meter):
    for test in checks:
        test(browser, meter)
        errors = browser.console()
        check(not errors, f"{test.__name__}: the console says {errors}")
        print(f"ok {test.__name__}", flush=True)


def main():
    if "--pictures" in sys.argv:
        take_pictures()
        return
    with Browser() as browser:
        with Meter(*NOW, before=PAST) as meter:
            run_checks(HISTORY_CHECKS, browser, meter)
            browser.go("about:blank")  # before its meter ends
        with Meter("--variant", "382MB", "--mains", "u=230,i=5", "--speed", "10", "--consumer", "han:tcp:127.0.0.1:0") as meter:
            run_checks([the_customer_port_is_shown, the_breaker_is_shown], browser, meter)
            browser.go("about:blank")
        with Meter("--variant", "382MB", "--mains", "u=230,i=5", "--serial", "12345678", "--optical",
                   "tcp:127.0.0.1:0,channel=module") as meter:
            run_checks([the_credit_is_shown], browser, meter)
            browser.go("about:blank")
        with Meter("--variant", "382LxE", "--mains", "u=230,i=5") as meter:
            run_checks([modules_are_plugged_in_the_bay], browser, meter)
            browser.go("about:blank")
        with Meter("--mains", "u=230,i=5", "--serial", "12345678") as meter:
            run_checks(CHECKS, browser, meter)
            a_lost_meter_is_told(browser, meter)
            print("ok a_lost_meter_is_told")


main()
