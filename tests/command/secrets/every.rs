//! Every workflow with known secrets, at its most talkative: through success,
//! failure, lost answers, kills and rollbacks.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use super::needles::Needle;
use super::watch::Watch;
use crate::command::harness::{Home, KEYCLOAK, MAX};
use crate::command::peering::ground::{Network, ROSA_RANGE, THERE, lay_out};
use crate::command::peering::outside::install_rosa;
use crate::kubernetes::stage::{self, KUBERNETES, Stage};

const GIVEN: &str = "Gv7%kT&x+9=w!given-master";
const FILED: &str = "Fl3$pQ~z+4=m!filed-master";
const KEY: &str = "Ak9/secret+access/key=EXAMPLE77";
const SESSION: &str = "FwoGZXIvYXdzEJr//session+token==77";
/// An offline token, as far as it is looked at here.
const OCM: &str = "e30.eyJ0eXAiOiJPZmZsaW5lIn0.hidden-signature-77";
const OCM_ACCESS: &str = "e30.e30.hidden-access-token-77";
const OCM_SECRET: &str = "ocm-client-secret-hidden-77";

/// The secrets of the environment.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("AURORA_PASSWORD", GIVEN),
    ("AWS_SECRET_ACCESS_KEY", KEY),
    ("AWS_SESSION_TOKEN", SESSION),
    ("OCM_TOKEN", OCM),
    ("OCM_CLIENT_SECRET", OCM_SECRET),
];

/// As much as can be said.
const TALKATIVE: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("RUST_LOG", "trace"),
    ("RUST_BACKTRACE", "full"),
    ("AWS_SDK_LOG", "trace"),
];

fn watch() -> Watch {
    let needles = ENVIRONMENT.map(|(name, secret)| Needle::new(name, secret));
    let watch = Watch::new(needles.to_vec());
    watch.add(Needle::new("OCM's access token", OCM_ACCESS));
    watch
}

fn equip(home: &mut Home, without: &[&str]) {
    for (name, value) in ENVIRONMENT.iter().chain(&TALKATIVE) {
        if !without.contains(name) {
            home.set(name, value);
        }
    }
}

/// The end of a scenario: what there is to read of its runs, in every form, and
/// every file.
#[track_caller]
fn read_all(watch: &Watch, home: &Home) {
    for run in home.runs() {
        let id = run["id"].as_str().expect("an id");
        for form in ["text", "json", "jsonl"] {
            for what in ["show", "events", "verify"] {
                watch.run(home, 0, &["-v", "-o", form, "runs", what, id]);
            }
        }
    }
    watch.run(home, 0, &["runs", "list", "-o", "json"]);
    watch.run(home, 0, &["sandbox", "status", "-o", "json"]);
    watch.search(home);
}

fn words<'a>(form: &'a str, more: &[&[&'a str]]) -> Vec<&'a str> {
    let mut words = [&MAX[..], &["-v", "--yes", "-o", form]].concat();
    words.extend(more.concat());
    words
}

const CREATE: [&str; 2] = ["aurora", "create"];
const DELETE: [&str; 3] = ["aurora", "delete", "--skip-final-snapshot"];
const RESUME: [&str; 6] = ["-v", "-o", "jsonl", "resume", "--sandbox-speed", "max"];
const ROLLBACK: [&str; 5] = ["-v", "--yes", "--sandbox-speed", "max", "rollback"];
/// Slow enough to be killed.
const SLOWLY: [&str; 5] = ["-v", "--sandbox", "--sandbox-speed", "200", "--yes"];

/// A fault for one call.
fn once(home: &Home, operation: &str, how: &[&str]) {
    home.fault(&[&["--operation", operation, "--times", "1"], how].concat());
}

#[test]
fn a_given_password() {
    let watch = watch();
    let mut home = Home::new();
    equip(&mut home, &[]);
    // Refused, lost, permanent, and by a person's fault, in every form.
    for (form, how, code) in [
        ("jsonl", &["--error", "InvalidParameterValue"][..], 4),
        ("text", &["--error", "InvalidParameterCombination"], 4),
        ("json", &["--error", "ExpiredToken"], 3),
    ] {
        once(&home, "CreateDBCluster", how);
        watch.run(&home, code, &words(form, &[&CREATE, &KEYCLOAK]));
        watch.search(&home);
    }
    once(&home, "CreateDBCluster", &["--lose-response"]);
    watch.run(&home, 0, &RESUME);
    once(&home, "DeleteDBCluster", &["--lose-response"]);
    watch.run(&home, 0, &[&ROLLBACK[..], &[&home.newest()]].concat());
    // Killed with the log on the disk, and gone on with.
    let create = [&SLOWLY[..], &CREATE, &KEYCLOAK].concat();
    watch.kill(&home, &create, "started cluster");
    assert!(home.state().with_file_name("state.db-wal").exists());
    watch.search(&home);
    watch.run(&home, 0, &RESUME);
    let secret = ["keycloak", "env", "--format", "secret"];
    for form in ["text", "json"] {
        let asked = words(form, &[&secret, &KEYCLOAK]);
        let place = "what keycloak env --format secret prints";
        let done = watch.run_allowing(&home, 0, &asked, place);
        assert!(
            done.stdout.contains(GIVEN),
            "the search looks at what is printed"
        );
    }
    for format in ["shell", "dotenv", "keycloak", "cr"] {
        watch.run(
            &home,
            0,
            &words(
                "json",
                &[&["keycloak", "env", "--format", format], &KEYCLOAK],
            ),
        );
    }
    watch.run(&home, 1, &words("json", &[&CREATE, &KEYCLOAK]));
    once(&home, "DeleteDBInstance", &["--error", "ExpiredToken"]);
    watch.run(&home, 3, &words("jsonl", &[&DELETE, &KEYCLOAK]));
    watch.run(&home, 0, &RESUME);
    // Bad ones are not repeated either.
    home.set(
        "AURORA_PASSWORD",
        &format!("{GIVEN} \"@/ and far too long for any database"),
    );
    for form in ["text", "json"] {
        watch.run(&home, 64, &words(form, &[&CREATE, &KEYCLOAK]));
    }
    read_all(&watch, &home);
    println!(
        "secrets, AURORA_PASSWORD with create, rollback and delete: {}",
        watch.text()
    );
    assert!(watch.commands() > 40);
}

#[test]
fn a_password_in_a_file() {
    let watch = watch();
    watch.add(Needle::new("--password-file", FILED));
    let mut home = Home::new();
    equip(&mut home, &["AURORA_PASSWORD"]);
    let path = home.path().join("password");
    fs::write(&path, format!("{FILED}\n")).expect("a file");
    let path = path.display().to_string();
    let file = ["--password-file", &path];
    watch.run(&home, 0, &words("jsonl", &[&CREATE, &KEYCLOAK, &file]));
    let farewell = ["aurora", "delete", "--final-snapshot", "farewell"];
    watch.run(&home, 0, &words("json", &[&farewell, &KEYCLOAK]));
    // Restored, where the password is set by a call of its own.
    let restore = [&CREATE[..], &["--snapshot", "farewell"], &KEYCLOAK, &file].concat();
    for (how, code) in [
        (&["--error", "InvalidParameterValue"][..], 4),
        (&["--error", "ExpiredToken"], 3),
    ] {
        once(&home, "ModifyDBCluster", how);
        watch.run(&home, code, &words("jsonl", &[&restore]));
    }
    // Without the password there is nothing to be said of it.
    watch.run(&home, 3, &RESUME);
    once(&home, "ModifyDBCluster", &["--lose-response"]);
    watch.run(&home, 0, &[&RESUME[..], &file].concat());
    let slowly = [&SLOWLY[..], &["aurora", "reap", "--older-than", "0m"]].concat();
    watch.kill(&home, &slowly, "started");
    watch.run(&home, 0, &RESUME);
    watch.run(
        &home,
        0,
        &words("json", &[&["aurora", "reap", "--older-than", "0m"]]),
    );
    read_all(&watch, &home);
    println!(
        "secrets, --password-file with create, restore, delete and reap: {}",
        watch.text()
    );
    assert!(watch.commands() > 30);
}

/// What RDS keeps, the login to OCM, and the children: `kubectl` and `rosa`.
#[test]
fn passwords_and_logins_among_children() {
    let watch = watch();
    let mut stage = Stage::without_database();
    let path = stage::path();
    let home = &mut stage.home;
    let network = lay_out(home, THERE, ROSA_RANGE);
    install_rosa(home, &network);
    let path = format!("{}/bin:{path}", home.path().display());
    equip(home, &[]);
    home.set("OCM_CLIENT_ID", "stepwell-tests");
    watch.record(home, &path, &["kubectl", "rosa"]);

    let secret = words(
        "json",
        &[&["keycloak", "env", "--format", "secret"], &KEYCLOAK],
    );
    let mut asked = home.command(&secret);
    asked.env_remove("AURORA_PASSWORD");
    let manifest = crate::command::harness::finish(asked).json();
    let kept = manifest["manifest"]["stringData"]["password"].as_str();
    let kept = kept.expect("the password that RDS keeps").to_owned();
    watch.add(Needle::new("kept by RDS", &kept));

    watch.run(
        home,
        0,
        &words("text", &[&["aurora", "endpoint"], &KEYCLOAK]),
    );
    let print = [
        "aurora",
        "psql",
        "--print",
        "-n",
        "keycloak",
        "--context",
        "dc1",
    ];
    watch.run(home, 0, &words("json", &[&print, &KEYCLOAK]));
    let psql = [
        "--sandbox",
        "-v",
        "aurora",
        "psql",
        "-n",
        "keycloak",
        "--context",
        "dc1",
    ];
    let psql = [&psql[..], &KEYCLOAK, &["--", "-c", "select 1"]].concat();
    // Where there is a psql, it does not find the host.
    let code = home.run(&psql).code;
    watch.run(home, code, &psql);

    let verify = ["--sandbox", "-v", "-o", "json", "peering", "verify"];
    let place = ["--namespace", "keycloak", "--context", "dc1"];
    watch.run(home, 0, &[&verify[..], &KEYCLOAK, &place].concat());

    let reset = ["--sandbox", "-v", "--yes", "-o", "jsonl", "aurora", "reset"];
    let reset = [&reset[..], &KEYCLOAK, &KUBERNETES].concat();
    watch.run(home, 0, &reset);
    watch.kill(home, &reset, "started drop-schema");
    watch.run(home, 0, &["-v", "-o", "json", "resume"]);

    peerings(&watch, home, &network);
    read_all(&watch, home);
    let (kubectl, rosa) = (watch.calls_of("kubectl"), watch.calls_of("rosa"));
    println!(
        "secrets, doctor, psql, reset and peerings with kubectl ({kubectl} calls) and rosa ({rosa} calls): {}",
        watch.text()
    );
    assert!(kubectl > 10 && rosa > 3);
}

/// Whoever would be asked about a ROSA cluster is asked by the doctor.
fn doctor(watch: &Watch, home: &mut Home, rosa: &[&str]) {
    for form in ["text", "json"] {
        let doctor = words(form, &[&["doctor"], &KEYCLOAK, rosa]);
        let code = home.run(&doctor).code;
        watch.run(home, code, &doctor);
    }
}

/// Peerings by a `rosa` command, and by a login to OCM.
fn peerings(watch: &Watch, home: &mut Home, network: &Network) {
    let rosa = ["--rosa-cluster", "rosa"];
    // OCM is asked where there is a login to it; else `rosa` is.
    for name in ["OCM_TOKEN", "OCM_CLIENT_ID", "OCM_CLIENT_SECRET"] {
        home.set(name, "");
    }
    doctor(watch, home, &rosa);
    let create = ["peering", "create"];
    once(home, "CreateRoute", &["--error", "InvalidParameterValue"]);
    watch.run(home, 4, &words("jsonl", &[&create, &KEYCLOAK, &rosa]));
    once(home, "CreateVpcPeeringConnection", &["--lose-response"]);
    watch.run(home, 0, &words("jsonl", &[&create, &KEYCLOAK, &rosa]));
    watch.run(
        home,
        0,
        &words("json", &[&["peering", "list"], &["--region", "eu-west-1"]]),
    );
    let slowly = [
        "-v",
        "--sandbox",
        "--sandbox-speed",
        "5",
        "--yes",
        "peering",
        "delete",
    ];
    watch.kill(home, &[&slowly[..], &KEYCLOAK].concat(), "started");
    watch.run(home, 0, &RESUME);

    let ocm = Ocm::serve(home, network);
    home.set("OCM_CLIENT_ID", "stepwell-tests");
    home.set("OCM_CLIENT_SECRET", OCM_SECRET);
    doctor(watch, home, &rosa);
    watch.run(home, 0, &words("jsonl", &[&create, &KEYCLOAK, &rosa]));
    home.set("OCM_TOKEN", OCM);
    watch.run(home, 0, &words("jsonl", &[&create, &KEYCLOAK, &rosa]));
    watch.run(
        home,
        0,
        &words("json", &[&["peering", "delete", "--all"], &KEYCLOAK]),
    );
    // A login that is refused.
    home.set(
        "OCM_TOKEN_URL",
        &format!("http://127.0.0.1:{}/refuse", ocm.port),
    );
    doctor(watch, home, &rosa);
    let refused = home.run(&words("json", &[&create, &KEYCLOAK, &rosa]));
    assert_ne!(refused.code, 0);
    watch.run(
        home,
        refused.code,
        &words("json", &[&create, &KEYCLOAK, &rosa]),
    );
    watch.run(
        home,
        refused.code,
        &words("text", &[&create, &KEYCLOAK, &rosa]),
    );
}

/// Where AWS is an endpoint, requests are really signed and sent.
#[test]
fn credentials_of_aws_and_a_password_over_the_wire() {
    let watch = watch();
    let mut home = Home::new();
    equip(&mut home, &[]);
    let mut server = home.start(&["sandbox", "serve", "--sandbox-speed", "1000"]);
    server.until("Ctrl-C");
    let endpoint = server.stdout().trim().to_owned();
    let at = ["-v", "--yes", "-o", "jsonl", "--endpoint-url", &endpoint];
    once(
        &home,
        "CreateDBCluster",
        &["--error", "InvalidParameterValue"],
    );
    watch.run(&home, 4, &[&at[..], &CREATE, &KEYCLOAK].concat());
    once(
        &home,
        "CreateDBCluster",
        &["--error", "SignatureDoesNotMatch"],
    );
    let refused = [&at[..], &CREATE, &KEYCLOAK].concat();
    let refused_with = home.run(&refused).code;
    assert!(matches!(refused_with, 3 | 4), "{refused_with}");
    // Half a login to OCM, so that nobody is asked there.
    home.set("OCM_TOKEN", "");
    let doctor = [&at[..], &["doctor", "--region", "eu-west-1"]].concat();
    let code = home.run(&doctor).code;
    watch.run(&home, code, &doctor);
    watch.run(
        &home,
        0,
        &[&at[..], &["aurora", "list", "--region", "eu-west-1"]].concat(),
    );
    // Nobody is there any more.
    drop(server);
    watch.run(
        &home,
        1,
        &[&at[..], &["aurora", "endpoint"], &KEYCLOAK].concat(),
    );
    read_all(&watch, &home);
    println!("secrets, over HTTP to an endpoint: {}", watch.text());
    assert!(watch.commands() > 10);
}

/// OCM on 127.0.0.1: exchanges a token and describes one cluster, or refuses the
/// token and repeats it, as careless services do.
struct Ocm {
    port: u16,
}

impl Ocm {
    fn serve(home: &mut Home, network: &Network) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let description = json!({
            "id": "1a2b3c4d", "name": "rosa", "state": "ready",
            "hypershift": {"enabled": true}, "region": {"id": THERE},
            "network": {"machine_cidr": ROSA_RANGE},
            "aws": {"subnet_ids": network.subnets[..2]},
        });
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = stream.and_then(|stream| answer(stream, &description));
            }
        });
        home.set("OCM_URL", &format!("http://127.0.0.1:{port}"));
        home.set("OCM_TOKEN_URL", &format!("http://127.0.0.1:{port}/token"));
        Self { port }
    }
}

fn answer(mut stream: TcpStream, description: &Value) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        line.clear();
    }
    let mut form = vec![0; length];
    reader.read_exact(&mut form)?;
    let (status, body) = if request.starts_with("POST /token") {
        (
            "200 OK",
            json!({"access_token": OCM_ACCESS, "token_type": "Bearer", "expires_in": 900}),
        )
    } else if request.starts_with("POST /refuse") {
        let said = String::from_utf8_lossy(&form).into_owned();
        (
            "400 Bad Request",
            json!({"error": "invalid_grant", "error_description": format!("refused: {said}")}),
        )
    } else {
        (
            "200 OK",
            json!({"kind": "ClusterList", "total": 1, "size": 1, "items": [description]}),
        )
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
