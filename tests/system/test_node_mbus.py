"""An independent master reads the M-Bus module: node-mbus, fetched from npm (only with ./test --long, or when it is there).

usage: test_node_mbus.py BUILD_DIR SOURCE_DIR
"""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check  # noqa: E402

FOLDER = os.path.join(os.path.abspath(sys.argv[1]), "node-mbus")
PROGRAM = """
const MbusMaster = require('node-mbus');
const [port, address, second] = process.argv.slice(2);
const master = new MbusMaster({host: '127.0.0.1', port: Number(port), timeout: 500, autoConnect: false});
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
    if os.path.isdir(os.path.join(FOLDER, "node_modules", "node-mbus")):
        return
    if not os.environ.get("OPEN382_LONG"):
        skip("only with OPEN382_LONG set (./test --long)")
    if not shutil.which("npm"):
        skip("npm is not here")
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "package.json"), "w", encoding="ascii") as file:
        json.dump({"name": "masters", "private": True}, file)
    try:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "node-mbus@2.2.6"], cwd=FOLDER,
                              capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode != 0:
        shutil.rmtree(FOLDER, ignore_errors=True)
        skip("npm could not fetch it")


def main():
    """REQ(MOD-08): reads by primary and secondary address, twice in a row, scans, sets the address."""
    fetch()
    meter = Meter("--mains", "u=230,i=5", "--serial", "14839120", "--variant", "382E", "--module", "mbus:tcp:127.0.0.1:0")
    port = meter.port("mbus tcp")
    with open(os.path.join(FOLDER, "master.js"), "w", encoding="ascii") as file:
        file.write(PROGRAM)
    done = subprocess.run(["node", "master.js", str(port), "120", "148391202D2C0102"], cwd=FOLDER, capture_output=True, text=True,
                          timeout=120)
    meter.terminate()
    if "Cannot find module" in done.stderr or "bindings" in done.stderr:
        skip("it could not be built here")
    check(done.returncode == 0, done.stderr)
    out = json.loads(done.stdout)
    for name in ("first", "again", "secondary", "moved"):
        slave, records = out[name]["SlaveInformation"], out[name]["DataRecord"]
        check(slave["Id"] == 14839120 and slave["ProductName"] == "Kamstrup 382 (6850-005)", f"{name}: {slave}")
        check([r.get("Unit") for r in records[:4]] == ["Energy (kWh)", "On time (hours)", "Power (W)", "Power (W)"], f"{records}")
        check(records[2]["Value"] == 3450 and records[3]["Function"] == "Maximum value", f"{name}: {records}")
    check(out["scan"] == ["148391202D2C0102"], f"{out['scan']}")
    print("node-mbus: good")


if __name__ == "__main__":
    main()
