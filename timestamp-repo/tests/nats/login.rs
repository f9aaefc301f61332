//! Who the server is, and who we are: certificates of both, and `.creds` files.

use std::path::Path;

use nkeys::KeyPair as Key;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use timestamp_repo::{Nats, NatsError, NatsStream};

use crate::connect::refused;
use crate::server::Server;
use crate::setup::{STREAM, relay, save, store};

/// An authority, and the files of those that it has vouched for.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    files: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, files: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The authority's own certificate.
    fn certificate(&self) -> String {
        self.file("authority", &self.issuer.pem())
    }

    /// A certificate for this name, and its key.
    fn vouch_for(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let file = |kind: &str, text: String| self.file(&format!("{name}-{kind}"), &text);
        (file("certificate", certificate.pem()), file("key", key.serialize_pem()))
    }
}

fn assert_no_way_in(error: &NatsError) {
    assert!(matches!(error, NatsError::Tls { .. } | NatsError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn messages_travel_encrypted_where_the_server_proves_who_it_is() {
    let authority = Authority::new();
    let (certificate, key) = authority.vouch_for("localhost");
    let server = Server::with(&format!(
        "jetstream {{ store_dir: data }}\ntls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}"
    ));
    let url = server.url().replace("127.0.0.1", "localhost");

    assert_no_way_in(&refused(Nats::options(), &url).await);
    let options = Nats::options().root_certificates(authority.certificate()).require_tls();
    options.create_stream(NatsStream::new(STREAM)).connect(&url).await.unwrap();

    let plain = Server::start();
    assert_no_way_in(&refused(Nats::options().require_tls(), &plain.url()).await);
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn a_server_that_asks_for_a_certificate_gets_ours() {
    let authority = Authority::new();
    let (certificate, key) = authority.vouch_for("localhost");
    let server = Server::with(&format!(
        "jetstream {{ store_dir: data }}\ntls {{ cert_file: \"{certificate}\", key_file: \"{key}\", ca_file: \"{}\", \
         verify: true }}",
        authority.certificate()
    ));
    let url = server.url().replace("127.0.0.1", "localhost");
    let options = || Nats::options().root_certificates(authority.certificate()).create_stream(NatsStream::new(STREAM));

    assert_no_way_in(&refused(options(), &url).await);
    let (stranger, key) = Authority::new().vouch_for_itself();
    assert_no_way_in(&refused(options().client_certificate(&stranger, &key), &url).await);

    let (certificate, key) = authority.vouch_for("relay");
    let nats = options().client_certificate(certificate, key).connect(&url).await.unwrap();
    let store = store().await;
    save(&store, "a", 3).await;
    assert_eq!(relay(&store, &nats).deliver_all().await.unwrap().delivered, 3);
}

impl Authority {
    /// Files that outlive it.
    fn vouch_for_itself(self) -> (String, String) {
        let files = self.vouch_for("stranger");
        let _ = self.files.keep();
        files
    }
}

/// A server that knows its users by tokens which an operator and an account have signed, as hosted ones do.
struct Signed {
    account: Key,
    server: Server,
}

impl Signed {
    fn start() -> Self {
        let (operator, system, account) = (Key::new_operator(), Key::new_account(), Key::new_account());
        let limits = |storage: i64| {
            json!({"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
                   "leaf": -1, "mem_storage": storage, "disk_storage": storage, "streams": storage, "consumer": storage})
        };
        let of_account = |key: &Key, storage| {
            let claims = json!({"type": "account", "version": 2, "limits": limits(storage), "default_permissions": {}});
            token(&operator, key, "account", &claims)
        };
        let of_operator = json!({"type": "operator", "version": 2, "system_account": system.public_key()});
        let settings = format!(
            "jetstream {{ store_dir: data }}\noperator: {}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{ {}: \
             {}, {}: {} }}",
            token(&operator, &operator, "operator", &of_operator),
            system.public_key(),
            system.public_key(),
            of_account(&system, 0),
            account.public_key(),
            of_account(&account, -1),
        );
        Self { account, server: Server::with(&settings) }
    }

    /// What stands in the `.creds` file of a user for whom `signer` has signed.
    fn credentials(signer: &Key, user: &Key) -> String {
        let claims = json!({"type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1});
        format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY \
             SEED-----\n{}\n------END USER NKEY SEED------\n",
            token(signer, user, "relay", &claims),
            user.seed().unwrap(),
        )
    }
}

/// What one says about another, signed.
fn token(signer: &Key, about: &Key, name: &str, claims: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": "ed25519-nkey"});
    let said = json!({"jti": name, "iat": 1_700_000_000, "iss": signer.public_key(), "name": name,
                      "sub": about.public_key(), "nats": claims});
    let said = format!("{}.{}", base64(header.to_string().as_bytes()), base64(said.to_string().as_bytes()));
    let signature = base64(&signer.sign(said.as_bytes()).unwrap());
    format!("{said}.{signature}")
}

/// For URLs, without padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        text.extend((0..=chunk.len()).map(|place| char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63])));
    }
    text
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn login_is_by_a_creds_file() {
    let Signed { account, server } = Signed::start();
    let (user, url) = (Key::new_user(), server.url());
    let creds = server.path("relay.creds");
    std::fs::write(&creds, Signed::credentials(&account, &user)).unwrap();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let options = || Nats::options().create_stream(NatsStream::new(STREAM));

    let nats = options().credentials(read(&creds)).connect(&url).await.unwrap();
    let store = store().await;
    save(&store, "a", 3).await;
    assert_eq!(relay(&store, &nats).deliver_all().await.unwrap().delivered, 3);

    // Nobody, somebody for whom another account has signed, and somebody with another's token.
    let error = refused(options(), &url).await;
    assert!(matches!(error, NatsError::Authentication { .. }), "{error:?}");
    let stranger = Signed::credentials(&Key::new_account(), &user);
    let error = refused(options().credentials(stranger), &url).await;
    assert!(matches!(error, NatsError::Authentication { .. }), "{error:?}");
    let thief = read(&creds).replace(&user.seed().unwrap(), &Key::new_user().seed().unwrap());
    let error = refused(options().credentials(thief), &url).await;
    assert!(matches!(error, NatsError::Authentication { .. }), "{error:?}");
}
