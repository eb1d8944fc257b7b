"""A PostgreSQL server for one test, for no longer than whoever started it lives.

Called as `serve.py BIN FOLDER PORT`. It ends with standard input, which the
system closes even when the test dies without a chance to clean up, and in any
case after LIMIT seconds. Prints `ready` once the server takes connections.

The database is as Aurora makes it: the user `keycloak` is no superuser and
owns the database `keycloak`, and without TLS nobody comes in. The password of
the user is the first line of FOLDER/password.
"""

import os
import pwd
import signal
import subprocess
import sys
import threading
import time

LIMIT = 15 * 60
BIN, FOLDER, PORT = sys.argv[1:]
DATA = os.path.join(FOLDER, "data")


def other_user():
    """PostgreSQL refuses to be run by root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
            break
        except KeyError:
            continue
    os.chown(FOLDER, found.pw_uid, found.pw_gid)
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


USER = other_user()


def do(words, **more):
    environment = {"PATH": os.environ["PATH"], "HOME": FOLDER, "LC_ALL": "C"}
    return subprocess.run(
        words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env=environment, cwd=FOLDER, **USER, **more,
    )


def sql(database, text):
    do([f"{BIN}/psql", "-h", FOLDER, "-p", PORT, "-U", "rdsadmin", "-d", database,
        "-v", "ON_ERROR_STOP=1", "-qXc", text])


do([f"{BIN}/initdb", "--pgdata", DATA, "--username=rdsadmin", "--auth=trust", "--no-sync",
    "--encoding=UTF8", "--locale=C"])
do(["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
    "-days", "2", "-subj", "/CN=aurora", "-keyout", f"{FOLDER}/server.key",
    "-out", f"{FOLDER}/server.crt"], stderr=subprocess.DEVNULL)
with open(f"{DATA}/pg_hba.conf", "w") as file:
    file.write("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
with open(f"{DATA}/postgresql.auto.conf", "w") as file:
    file.write(
        f"listen_addresses = '127.0.0.1'\nport = {PORT}\nunix_socket_directories = '{FOLDER}'\n"
        f"ssl = on\nssl_cert_file = '{FOLDER}/server.crt'\nssl_key_file = '{FOLDER}/server.key'\n"
        "fsync = off\nmax_connections = 20\nshared_buffers = 16MB\n"
    )
server = subprocess.Popen(
    [f"{BIN}/postgres", "-D", DATA], stdin=subprocess.DEVNULL,
    stdout=open(f"{FOLDER}/log", "w"), stderr=subprocess.STDOUT, cwd=FOLDER, **USER,
)


def stop():
    """Connections are cut; a server that takes its time is made to go."""
    for kind in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(kind)
        try:
            server.wait(10)
            break
        except subprocess.TimeoutExpired:
            continue
    os._exit(0)


def end_in_time():
    time.sleep(LIMIT)
    stop()


threading.Thread(target=end_in_time, daemon=True).start()
for _ in range(300):
    probe = [f"{BIN}/pg_isready", "-q", "-h", FOLDER, "-p", PORT]
    if server.poll() is not None or subprocess.run(probe).returncode == 0:
        break
    time.sleep(0.1)
if server.poll() is not None:
    sys.exit(open(f"{FOLDER}/log").read())
with open(f"{FOLDER}/password") as file:
    password = file.readline().strip()
sql("postgres", f"CREATE ROLE keycloak LOGIN CREATEDB PASSWORD '{password}'")
sql("postgres", "CREATE ROLE auditor LOGIN")
sql("postgres", "CREATE DATABASE keycloak OWNER keycloak")
print("ready", flush=True)
sys.stdin.buffer.read()
stop()
