"""TLS in front of a module's lines: certificates of both sides, clients that never come through, the plain port beside it.

usage: test_network_tls.py BUILD_DIR SOURCE_DIR
"""
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from meter_process import Meter, check, kmp_value, run, wait_until  # noqa: E402

MODULE = os.path.join(sys.argv[1], "module382")
TOOL = os.path.join(sys.argv[1], "metertool")
SHAKE_S = 10
LINES = 12  # of a module


def openssl(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, timeout=30)


def make(folder, name, *words):
    """NAME.pem and NAME.key."""
    done = openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                   "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem", *words)
    check(done.returncode == 0, done.stderr)


def make_all(folder):
    for ca in ("ca", "other"):
        make(folder, ca)
    make(folder, "meter", "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-addext", "subjectAltName=IP:127.0.0.1")
    make(folder, "client", "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key")
    make(folder, "stranger", "-CA", f"{folder}/other.pem", "-CAkey", f"{folder}/other.key")


def ports_of(line):
    return [(word, int(where.rsplit(":", 1)[1])) for word, where in zip(line.split()[1::2], line.split()[2::2])]


def plain(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def secure(folder, port, ca="ca", cert=None):
    context = ssl.create_default_context(cafile=f"{folder}/{ca}.pem")
    if cert is not None:
        context.load_cert_chain(f"{folder}/{cert}.pem", f"{folder}/{cert}.key")
    return context.wrap_socket(plain(port), server_hostname="127.0.0.1")


def refused(action):
    """It ends before an octet of the meter's has come."""
    try:
        return action() == b""
    except (ssl.SSLError, ConnectionError):
        return True


def started(folder, places, *options):
    words = "".join(f",{word}" for word in (f"cert={folder}/meter.pem", f"key={folder}/meter.key", *options))
    meter = Meter("--variant", "382M", "--mains", "u=230,i=5", "--module", f"ip:{places}{words}")
    return meter, ports_of(meter.lines[0])


def until_closed(link):
    heard = b""
    while True:
        more = link.recv(4096)
        if more == b"":
            return heard
        heard += more


def test_read(folder):
    """REQ(MOD-11): the meter is read through TLS 1.2 and 1.3, and through the plain port beside it; the client knows whom he has before him."""
    meter, ports = started(folder, "tls:127.0.0.1:0+tls:127.0.0.1:0+tcp:127.0.0.1:0")
    check([kind for kind, _ in ports] == ["tls", "tls", "tcp"], meter.lines)
    data, menu, dlms = [port for _, port in ports]
    with secure(folder, data) as link:
        for _ in range(50):
            check(abs(kmp_value(link, 1054) - 230) < 1, "voltage")
        with secure(folder, data) as second:
            check(until_closed(second) == b"", "a second client of the data line")
        check(abs(kmp_value(link, 1054) - 230) < 1, "the first goes on")
    check(refused(lambda: secure(folder, data, ca="other")), "a certificate of another CA")
    with secure(folder, menu) as link:
        link.sendall(b"!GC\r\n!Q\r\n")
        check(b"open382 IP module" in (said := until_closed(link)) and b"watchdog=3600" in said, "what was said last")
    for version in ("-tls1_2", "-tls1_3"):
        done = openssl("s_client", "-quiet", version, "-verify_return_error", "-CAfile", f"{folder}/ca.pem", "-connect", f"127.0.0.1:{menu}",
                       data=b"!Q\r\n")
        check(b"open382 IP module" in done.stdout, f"{version}: {done}")
    done = openssl("s_client", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", "-connect", f"127.0.0.1:{menu}")
    check(done.returncode != 0 and b"open382" not in done.stdout, "TLS 1.1")
    plain(dlms).close()
    meter.terminate()


def test_client_certificate(folder):
    """REQ(MOD-11): with client-ca only who has a certificate of it comes to the module."""
    meter, ((_, data),) = started(folder, "tls:127.0.0.1:0", f"client-ca={folder}/ca.pem")
    for cert in (None, "stranger"):
        check(refused(lambda: kmp_value_or_end(secure(folder, data, cert=cert))), f"with {cert}")
    with secure(folder, data, cert="client") as link:
        check(abs(kmp_value(link, 1054) - 230) < 1, "voltage")
    meter.terminate()


def kmp_value_or_end(link):
    link.sendall(b"\x80\x3f\x10\x01\x04\x1e\x7a\x79\x0d")
    return link.recv(1)


def tool(url, *words, code=0):
    done = subprocess.run([TOOL, "-m", url, *words], capture_output=True, text=True, timeout=60)
    check(done.returncode == code, f"{url}: {done}")
    return done.stdout + done.stderr


def test_tool(folder):
    """REQ(MOD-11): metertool reads by KMP, HDLC and the wrapper in TLS; it talks to nobody whose certificate is of another CA or for another host."""
    meter, ports = started(folder, "tls:127.0.0.1:0+tcp:127.0.0.1:0+tls:127.0.0.1:0", f"client-ca={folder}/ca.pem")
    data, menu, dlms = [port for _, port in ports]
    ca, own = f"ca={folder}/ca.pem", f"cert={folder}/client.pem&key={folder}/client.key"
    serial = ("dlms", "get", "1.1.96.1.0.255")
    check("230" in tool(f"kmp+tls://127.0.0.1:{data}?{ca}&{own}", "read", "32.7.0"), "KMP")
    check("12345678" in tool(f"hdlc+tls://127.0.0.1:{data}?{ca}&{own}", *serial), "HDLC")
    check("12345678" in tool(f"dlms+tls://127.0.0.1:{dlms}?{ca}&{own}", *serial), "wrapper")
    for url, text in ((f"127.0.0.1:{data}?ca={folder}/other.pem&{own}", "certificate"), (f"127.0.0.1:{data}?{own}", "certificate"),
                      (f"localhost:{data}?{ca}&{own}", "mismatch"), (f"127.0.0.1:{data}?{ca}", ""), (f"127.0.0.1:{menu}?{ca}", "no TLS with it"),
                      (f"127.0.0.1:{data}?ca={folder}/none", f"{folder}/none"), (f"127.0.0.1:{data}?{ca}&cert=x", "cert=FILE and key=FILE"),
                      (f"127.0.0.1:{data}?{ca}&cert={folder}/client.pem&key={folder}/open.key", "chmod 600")):
        done = subprocess.run([TOOL, "-m", f"kmp+tls://{url}", "read", "32.7.0"], capture_output=True, text=True, timeout=60)
        check(done.returncode != 0 and text in done.stderr and done.stderr.count("\n") == 1 and "230" not in done.stdout, f"{url}: {done}")
    meter.terminate()


def test_hostile(folder):
    """REQ(MOD-01, MOD-11): more clients than there are lines say nothing, garbage, half a handshake, or do not read: who comes then is
    served, and they are hung up in time."""
    meter, ((_, data), (_, menu)) = started(folder, "tls:127.0.0.1:0+tls:127.0.0.1:0")
    began = time.monotonic()
    silent = [plain((data, menu)[i % 2]) for i in range(LINES + 3)]
    halves = [plain(menu) for _ in range(3)]
    for half in halves:
        half.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(20))
    for index in range(30):
        with plain((data, menu)[index % 2]) as one:
            one.sendall((b"!GC\r\n", bytes(range(256)), b"\x16\x03\x01\x00\x00" * 40, b"\x80\x3f\x10\x01")[index % 4])
    with secure(folder, data) as link:
        check(abs(kmp_value(link, 1054) - 230) < 1, "among silent ones")
        deaf = secure(folder, menu)
        deaf.settimeout(3)
        try:
            while time.monotonic() < began + SHAKE_S:
                deaf.sendall(b"!GC\r\n" * 100)
        except OSError:
            pass
        check(abs(kmp_value(link, 1054) - 230) < 1, "beside one who does not read")
        for index, half in enumerate(halves):  # an octet now and then does not make it longer
            wait_until(lambda: refused(lambda: drip(half)), f"half {index} is not hung up")
        for index, one in enumerate(silent):
            check(refused(lambda: one.recv(1)), f"silent {index} got something")
        check(SHAKE_S - 2 < time.monotonic() - began < SHAKE_S + 8, f"after {time.monotonic() - began} s")
        check(abs(kmp_value(link, 1054) - 230) < 1, "and goes on")
    meter.terminate()


def drip(link):
    link.settimeout(0.3)
    try:
        link.sendall(b"\x00")
        return link.recv(1)
    except TimeoutError:
        return b"?"


def test_flood(folder):
    """Hundreds who call and say nothing: the oldest go, one who means it is served among them."""
    meter, ((_, data),) = started(folder, "tls:127.0.0.1:0")
    held = []
    for _ in range(60):
        held.append(plain(data))
    with secure(folder, data) as link:
        check(abs(kmp_value(link, 1054) - 230) < 1, "in a flood")
    for one in held:
        one.close()
    meter.terminate()


def test_program(folder):
    """A module that is a program of its own takes the same options."""
    bus = f"unix:{folder}/bus"
    meter = Meter("--variant", "382M", "--mains", "u=230,i=5", "--module-bus", bus)
    module = subprocess.Popen([MODULE, "ip", "--bus", bus, "--line", "tls:127.0.0.1:0", "--option", f"cert={folder}/meter.pem", "--option",
                               f"key={folder}/meter.key"], stdout=subprocess.PIPE, text=True)
    (kind, data), = ports_of(module.stdout.readline())
    check(kind == "tls" and module.stdout.readline().startswith("plugged into slot 1"), "not plugged")
    with secure(folder, data) as link:
        check(abs(kmp_value(link, 1054) - 230) < 1, "voltage")
        module.terminate()
        check(until_closed(link) == b"" and module.wait() == 0, "pulled")
    meter.terminate()


def test_files(folder):
    """Files that are not what they should be get one line."""
    for name, text in (("empty", ""), ("open", open(f"{folder}/meter.key").read())):
        with open(f"{folder}/{name}.key", "w") as file:
            file.write(text)
    os.chmod(f"{folder}/empty.key", 0o600)
    os.chmod(f"{folder}/open.key", 0o644)
    done = openssl("pkey", "-in", f"{folder}/meter.key", "-aes128", "-passout", "pass:x", "-out", f"{folder}/locked.key")
    os.chmod(f"{folder}/locked.key", 0o600)
    check(done.returncode == 0, done.stderr)
    cert, key = f"cert={folder}/meter.pem", f"key={folder}/meter.key"
    for words, code, text in (((), 2, "expected cert=FILE and key=FILE with tls:HOST:PORT"), ((cert,), 2, "expected cert=FILE and key=FILE"),
                              ((cert, "key="), 2, "expected key=FILE"), ((f"cert={folder}/none", key), 1, "No such file"),
                              ((f"cert={folder}/meter.key", key), 2, "expected a certificate in PEM"),
                              ((cert, f"key={folder}/none"), 1, "No such file"),
                              ((cert, f"key={folder}/empty.key"), 2, "expected a private key in PEM without a password"),
                              ((cert, f"key={folder}/locked.key"), 2, "expected a private key in PEM without a password"),
                              ((cert, f"key={folder}/open.key"), 2, "only its owner may read"),
                              ((cert, f"key={folder}/client.key"), 2, "expected the private key of the certificate"),
                              ((cert, key, f"client-ca={folder}/empty.key"), 2, "client-ca="),
                              ((cert, key, "what=1"), 2, "expected name, pin, allow")):
        done = run("--headless", "--module", ",".join(("ip:tls:127.0.0.1:0", *words)))
        check(done.returncode == code and text in done.stderr and done.stderr.count("\n") == 1, f"{words}: {done}")
    done = run("--headless", "--module", f"ip:tcp:127.0.0.1:0,{cert}")
    check(done.returncode == 2 and "expected name, pin, allow" in done.stderr, f"without TLS: {done}")


def main():
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        make_all(folder)
        for test in (test_files, test_read, test_client_certificate, test_tool, test_program, test_flood, test_hostile):
            test(folder)
    print(f"network TLS: {time.monotonic() - began:.1f} s")


main()
