"""The customer port to a home's broker: discovery, values, brokers that are away, refuse, hang, come back.

usage: test_consumer_home.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, run, wait_until  # noqa: E402
from mqtt_listener import Broker, Listener  # noqa: E402

MAINS = ("--mains", "u=230,i=5,pf=0.8i", "--start", "2026-06-01T10:59:44Z")
FAST = ("--speed", "20")
QUICK = ("--speed", "7200")  # 5.5 kWh a second
TOPIC = "open382/12345678"
# key: row of the register table
CODES = {"energy_import": "1.8.0", "energy_export": "2.8.0", "reactive_energy_import": "3.8.0", "power_import": "1.7.0",
         "reactive_power_import": "3.7.0", "voltage_l1": "32.7.0", "voltage_l3": "72.7.0", "current_l2": "51.7.0"}


def ended(meter, expected):
    """Ends the meter; what it said on stderr, line by line, has to contain what is expected."""
    meter.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, err = meter.process.communicate(timeout=20)
    check(meter.process.returncode == 0 and time.monotonic() - began < 5, f"slow or bad end: {meter.process.returncode}")
    lines = err.splitlines()
    check(len(lines) == len(expected) and all(e in line for e, line in zip(expected, lines)), f"{expected}: {err}")


def discovered(listener):
    """Documents of Home Assistant until the meter says that it is there."""
    configs = {}
    while True:
        topic, text, kept = listener.message()
        if topic == TOPIC + "/available":
            check(text == "online", text)
            return configs
        check(topic.startswith("homeassistant/sensor/open382_12345678/") and topic.endswith("/config"), topic)
        configs[topic.split("/")[3]] = json.loads(text) if text else None
        del kept


def test_values(folder):
    """REQ(CCC-01, CCC-03, AMI-15): a home finds every quantity, and the values are those of the registers."""
    broker = Broker(folder)
    listener = Listener(broker.port)
    meter = Meter(*MAINS, *FAST, "--panel", "127.0.0.1:0", "--consumer", f"push1:mqtt:127.0.0.1:{broker.port}")
    configs = {k: c for k, c in discovered(listener).items() if c is not None}
    state = json.loads(listener.until(TOPIC + "/state"))
    check(set(configs) | {"time"} == set(state), f"{set(configs) ^ set(state)}")
    for key, config in configs.items():
        check(config["state_topic"] == TOPIC + "/state" and config["availability_topic"] == TOPIC + "/available", f"{config}")
        check(config["value_template"] == "{{ value_json.%s }}" % key and config["unique_id"] == f"open382_12345678_{key}", f"{config}")
        check(config["device"]["identifiers"] == ["open382_12345678"] and config["device"]["model"] == "382M", f"{config}")
        energy = "energy" in key
        check(config["state_class"] == ("total_increasing" if energy else "measurement"), f"{config}")
    kinds = {key: (c.get("device_class"), c.get("unit_of_measurement"), c["name"]) for key, c in configs.items()}
    check(kinds["energy_import"] == ("energy", "kWh", "Energy import") and kinds["power_import_l2"] ==
          ("power", "W", "Power import L2") and kinds["power_factor"] == ("power_factor", None, "Power factor") and
          kinds["voltage_l1"] == ("voltage", "V", "Voltage L1") and kinds["current_l3"][:2] == ("current", "A") and
          kinds["reactive_power_import"][:2] == ("reactive_power", "var") and
          kinds["reactive_energy_import"][:2] == (None, "kvarh"), f"{kinds}")
    for _ in range(2):  # energies are told in Wh and shown in kWh: a second of 3 kW lies between
        meter.post("/api/speed", {"speed": 0})
        registers = meter.registers()
        meter.post("/api/speed", {"speed": 20})
        state = json.loads(listener.until(TOPIC + "/state"))
        check(state["time"][-2:] == "0Z", f"off the grid: {state['time']}")
        for key, code in CODES.items():
            near = 0.1 if "energy" in key else 2 if "power" in key else 0.1
            check(abs(state[key] - registers[code]["value"] * (1000 if "power" in key else 1)) <= near,
                  f"{key}: {state[key]}, register {code} {registers[code]}")
    check(state["voltage_l1"] == 230 and state["current_l2"] == 5 and state["power_factor"] == 0.8, f"{state}")
    late = Listener(broker.port, "homeassistant/#")
    kept = [late.message() for _ in range(len(configs))]
    check(all(k for _, _, k in kept) and all(json.loads(t) for _, t, _ in kept), "the documents are not kept")
    ended(meter, [])
    check(listener.until(TOPIC + "/available") == "offline", "no good-bye")
    late.close()
    listener.close()
    broker.stop()


def test_supply(folder):
    """A 162M has one phase; without supply its port is dead; a meter that is killed is offline by its last will."""
    broker = Broker(folder)
    listener = Listener(broker.port)
    meter = Meter(*MAINS, *FAST, "--variant", "162M", "--panel", "127.0.0.1:0", "--consumer", f"han:mqtt:127.0.0.1:{broker.port}")
    configs = discovered(listener)
    check(configs["voltage_l1"] and configs.get("voltage_l2") is None and configs.get("power_import_l1") is None, f"{configs}")
    state = json.loads(listener.until(TOPIC + "/state"))
    check("voltage_l2" not in state and state["voltage_l1"] == 230, f"{state}")
    meter.post("/api/control", {"name": "u1", "value": 0})
    check(listener.until(TOPIC + "/available") == "offline", "supply off")
    meter.post("/api/control", {"name": "u1", "value": 230})
    check(listener.until(TOPIC + "/available") == "online", "supply on")
    meter.kill()
    check(listener.until(TOPIC + "/available") == "offline", "no last will")
    listener.close()
    broker.stop()


def test_restart(folder):
    """A broker that goes away and comes back hears everything again; the meter meters on meanwhile, at any speed."""
    broker = Broker(folder)
    broker.stop()
    meter = Meter(*MAINS, *QUICK, "--panel", "127.0.0.1:0", "--consumer", f"han:mqtt:127.0.0.1:{broker.port}/home/meter")
    topic = "home/meter/12345678"
    before = meter.registers()["1.8.0"]["value"]
    wait_until(lambda: meter.registers()["1.8.0"]["value"] > before + 2, "metering while the broker is away")
    broker.start()
    listener = Listener(broker.port, topic + "/#")
    listener.until(topic + "/state")
    times = []
    for _ in range(3):
        listener.until(topic + "/state")
        times.append(time.monotonic())
    check(times[2] - times[0] > 1.8, f"more than one a second: {times}")
    broker.stop()
    broker.start()
    listener = Listener(broker.port)
    check(any(listener.message()[0].startswith("homeassistant/") for _ in range(5)), "no discovery after the restart")
    listener.until(topic + "/state")
    ended(meter, ["Connection refused", "the connection is lost"])
    broker.stop()


def test_hanging(folder):
    """A broker that takes connections and says nothing, or hears nothing more, holds nobody up."""
    del folder
    deaf = socket.create_server(("127.0.0.1", 0))
    taken = []
    threading.Thread(target=lambda: [taken.append(deaf.accept()[0]) for _ in range(9)], daemon=True).start()
    meter = Meter(*MAINS, *QUICK, "--panel", "127.0.0.1:0", "--consumer", f"han:mqtt:127.0.0.1:{deaf.getsockname()[1]}")
    wait_until(lambda: taken, "a connection")
    taken[0].sendall(b"\x20\x02\0\0")  # accepted, and then never a word
    before = meter.registers()["1.8.0"]["value"]
    wait_until(lambda: meter.registers()["1.8.0"]["value"] > before + 2, "metering beside a broker that hangs")
    ended(meter, [])
    deaf.close()


def certificates(folder):
    """A CA, and a certificate for 127.0.0.1 that it signs."""
    def openssl(*words):
        done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True)
        check(done.returncode == 0, done.stderr)
    with open(os.path.join(folder, "names"), "w", encoding="ascii") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=home",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=broker", "-keyout", "broker.key",
            "-out", "broker.csr")
    openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile",
            "names", "-out", "broker.pem")
    for name in ("broker.key", "broker.pem", "ca.pem"):
        os.chmod(os.path.join(folder, name), 0o644)


def secret(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text + "\n")
    os.chmod(path, 0o600)
    return path


def test_secured(folder):
    """REQ(SEC-01): user, password and TLS; a wrong one is told in one line, and nothing goes out."""
    os.chmod(folder, 0o755)
    certificates(folder)
    passwords = os.path.join(folder, "passwords")
    done = subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "home", "secret"], capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    os.chmod(passwords, 0o644)
    broker = Broker(folder, "allow_anonymous false", f"password_file {passwords}", f"cafile {folder}/ca.pem",
                    f"certfile {folder}/broker.pem", f"keyfile {folder}/broker.key")
    where = f"han:mqtt:127.0.0.1:{broker.port},user=home,"
    good, wrong = secret(folder, "good", "secret"), secret(folder, "wrong", "guess")
    stranger = os.path.join(folder, "stranger.pem")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt" if os.path.exists("/etc/ssl/certs/ca-certificates.crt") else
                os.path.join(folder, "broker.pem"), stranger)
    for option, text in ((f"password={wrong},ca={folder}/ca.pem", "the broker refuses user or password"),
                         (f"password={good},ca={stranger}", "TLS fails: expected a certificate signed by that of ca="),
                         (f"password={good},ca={folder}/ca.pem", None)):
        meter = Meter(*MAINS, "--panel", "127.0.0.1:0", "--consumer", where + option)
        condition = text or "connected"
        wait_until(lambda: condition in json.dumps(meter.get("/api/state")["consumer"]), condition)
        time.sleep(1.5 if text else 0)  # tried again, and not told again
        ended(meter, [text] if text else [])
    meter = Meter(*MAINS, "--panel", "127.0.0.1:0", "--consumer", f"{where}ca={folder}/ca.pem", OPEN382_MQTT_PASSWORD="secret")
    wait_until(lambda: meter.get("/api/state")["consumer"][0]["condition"] == "connected", "the password of the environment")
    ended(meter, [])
    broker.stop()


def test_refused(folder):
    loose = secret(folder, "loose", "secret")
    os.chmod(loose, 0o644)
    for option, text in (("han:mqtt:", "expected han|push1|p1"), ("han:mqtt:h:0", "expected mqtt:HOST"),
                         ("han:mqtt:h:1883/a//b", "expected mqtt:HOST"), ("han:mqtt:h/a+", "expected mqtt:HOST"),
                         ("han:mqtt:h,ciphered", "expected user=NAME"), ("han:mqtt:h,user=", "expected user=NAME"),
                         ("han:mqtt:h,password=x", "expected user=NAME with"), ("han:tcp:127.0.0.1:0,tls", "expected ciphered"),
                         ("han:mqtt:h,user=x,password=/nowhere", "No such file"), ("han:mqtt:h,ca=/nowhere", "No such file"),
                         (f"han:mqtt:h,user=x,password={loose}", "only its owner may read")):
        done = run("--headless", "--until", "1s", "--consumer", option)
        check(done.returncode == 2 and "--consumer: " in done.stderr and text in done.stderr and done.stderr.count("\n") == 1,
              f"{option}: {done.returncode} {done.stderr}")


def main():
    if not (shutil.which("mosquitto") or os.path.exists("/usr/sbin/mosquitto")):
        print("consumer home: skipped: no mosquitto here (./test installs it)")
        return
    for test in (test_values, test_supply, test_restart, test_hanging, test_secured, test_refused):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
        print(f"{test.__name__}: {time.monotonic() - began:.1f} s")
    print("consumer home: good")


if __name__ == "__main__":
    main()
