"""An independent master reads the M-Bus module: node-mbus, fetched from npm once and kept in build/node-mbus.

Skipped, with a line that says why, where npm is not installed, the registry cannot be reached within seconds, or the package
does not build (it needs make and g++).

usage: test_node_mbus.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check  # noqa: E402

FOLDER = os.path.join(os.path.abspath(sys.argv[2]), "build", "node-mbus")  # for all presets
VERSION = "2.2.6"
FETCH_S = 25
PROGRAM = """
const MbusMaster = require('node-mbus');
const [port, timeout, address, second] = process.argv.slice(2);
const master = new MbusMaster({host: '127.0.0.1', port: Number(port), timeout: Number(timeout), autoConnect: false});
const ask = (f, ...a) => new Promise((ok, no) => f.call(master, ...a, (error, data) => error ? no(error) : ok(data)));
(async () => {
  await ask(master.connect);
  const out = {};
  out.first = await ask(master.getData, Number(address));
  out.again = await ask(master.getData, Number(address));
  out.secondary = await ask(master.getData, second);
  out.scan = await ask(master.scanSecondary);
  await ask(master.setPrimaryId, Number(address), 77);
  out.moved = await ask(master.getData, 77);
  console.log(JSON.stringify(out));
  master.close(() => process.exit(0));
})().catch(error => { console.error(String(error)); process.exit(1); });
"""


def skip(why):
    print(f"node-mbus: skipped: {why}")
    sys.exit(0)


def fetch():
    if os.path.exists(os.path.join(FOLDER, "fetched-" + VERSION)):
        return
    if not shutil.which("npm") or not shutil.which("node"):
        skip("npm and node are not here")
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    with open(os.path.join(FOLDER, "package.json"), "w", encoding="ascii") as file:
        json.dump({"name": "masters", "private": True}, file)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline", "--fetch-retries=0",
               "--fetch-timeout=5000", "node-mbus@" + VERSION]
    environment = dict(os.environ, JOBS="2")
    if os.path.exists("/usr/include/node/node.h"):
        environment["npm_config_nodedir"] = "/usr"  # else the headers come over the network too
    npm = subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                           start_new_session=True)
    try:
        out, _ = npm.communicate(timeout=FETCH_S)
    except subprocess.TimeoutExpired:
        os.killpg(npm.pid, signal.SIGKILL)
        npm.communicate()
        skip(f"npm has not fetched and built it within {FETCH_S} s")
    if npm.returncode != 0 or not os.path.exists(os.path.join(FOLDER, "node_modules", "node-mbus", "build", "Release", "mbus.node")):
        skip("npm could not fetch or build it: " + " ".join(line for line in out.splitlines() if "rror" in line)[:200])
    with open(os.path.join(FOLDER, "fetched-" + VERSION), "w", encoding="ascii"):
        pass


def read_all(timeout_ms):
    """What the master says, or None and why: its time-out is what it waits for each silent address."""
    meter = Meter("--mains", "u=230,i=5", "--serial", "14839120", "--variant", "382E", "--module", "mbus:tcp:127.0.0.1:0")
    port = meter.port("mbus tcp")
    with open(os.path.join(FOLDER, "master.js"), "w", encoding="ascii") as file:
        file.write(PROGRAM)
    done = subprocess.run(["node", "master.js", str(port), str(timeout_ms), "120", "148391202D2C0102"], cwd=FOLDER, capture_output=True,
                          text=True, timeout=120)
    meter.terminate()
    return (json.loads(done.stdout) if done.returncode == 0 else None), done.stderr


def main():
    """REQ(MOD-08): reads by primary and secondary address, twice in a row, scans, sets the address."""
    fetch()
    out, _ = read_all(100)
    if out is None:  # a computer that is busy answers later
        out, why = read_all(1000)
        check(out is not None, why)
    for name in ("first", "again", "secondary", "moved"):
        slave, records = out[name]["SlaveInformation"], out[name]["DataRecord"]
        check(slave["Id"] == 14839120 and slave["ProductName"] == "Kamstrup 382 (6850-005)", f"{name}: {slave}")
        check([r.get("Unit") for r in records[:4]] == ["Energy (kWh)", "On time (hours)", "Power (W)", "Power (W)"], f"{records}")
        check(records[2]["Value"] == 3450 and records[3]["Function"] == "Maximum value", f"{name}: {records}")
    check(out["scan"] == ["148391202D2C0102"], f"{out['scan']}")
    print("node-mbus: good")


if __name__ == "__main__":
    main()
