//! Connections that are encrypted, and those that must not be made.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use timestamp_repo::{ConnectError, Postgres, PostgresOptions};

use crate::cluster::Cluster;
use crate::database::{Task, assert_says, server, with};

/// A server that offers TLS, for which an authority vouches as `localhost`.
struct Encrypted {
    cluster: Cluster,
    /// The authority's certificate.
    pem: String,
}

impl Encrypted {
    async fn start() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();

        let cluster = Cluster::start();
        cluster.write("server.key", &key.serialize_pem()).await;
        cluster.write("server.crt", &certificate.pem()).await;
        cluster.write("pg_hba.conf", "host all postgres all trust\nhostssl all ada all scram-sha-256").await;
        cluster.sql("CREATE ROLE ada LOGIN SUPERUSER PASSWORD 'hunter2'").await;
        cluster.sql("ALTER SYSTEM SET ssl = on").await;
        // Reloading takes a moment, after which nobody knows whether it was done.
        cluster.crash();
        cluster.start_again();
        Self { cluster, pem: authority.pem() }
    }

    /// A URL of the server by the name that the certificate is for.
    fn url(&self, option: &str) -> String {
        with(&self.cluster.url.replace("127.0.0.1", "localhost"), option)
    }
}

/// Whether the connections of a store are encrypted.
async fn is_encrypted(store: &Postgres) -> bool {
    let mut unit = store.begin().await.unwrap();
    let connection = unit.connection().await.unwrap();
    let row = connection.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await.unwrap();
    row.get(0)
}

async fn refused(options: PostgresOptions, url: &str) -> ConnectError {
    let error = options.connect(url).await.expect_err("it was connected");
    assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");
    error
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn a_server_that_can_prove_who_it_is_is_connected_to() {
    let server = Encrypted::start().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &server.pem).unwrap();
    let trusted = format!("sslrootcert={}", file.path().display());
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = server.url(&format!("sslmode={mode}"));
        let store = Postgres::connect(with(&url, &trusted)).await.unwrap();
        assert!(is_encrypted(&store).await);
        let store = Postgres::options().root_certificates(server.pem.as_bytes()).connect(&url).await.unwrap();
        assert!(is_encrypted(&store).await);
        // Nobody vouches for it, or for somebody else.
        assert_says(&refused(Postgres::options(), &url).await, &["no TLS with `localhost:", "UnknownIssuer"]);
        let error = refused(Postgres::options(), &with(&url.replace("localhost", "127.0.0.1"), &trusted)).await;
        assert_says(&error, &["not valid for name"]);
    }

    // A password is taken, and a wrong one is told from a wrong certificate.
    let url = server.url(&format!("sslmode=verify-full&{trusted}")).replace("//postgres@", "//ada:hunter2@");
    let store = Postgres::connect(&url).await.unwrap();
    assert!(is_encrypted(&store).await);
    store.repository::<Task>().await.unwrap().save(&mut Task::new("a")).await.unwrap();
    let error = Postgres::connect(url.replace("hunter2", "hunter3")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Authentication { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL; scripts/test starts one"]
async fn tls_is_taken_where_it_is_offered_unless_it_is_disabled() {
    let encrypted = Encrypted::start().await;
    for (option, expected) in [("sslmode=prefer", true), ("connect_timeout=5", true), ("sslmode=disable", false)] {
        let store = Postgres::connect(encrypted.url(option)).await.unwrap();
        assert_eq!(is_encrypted(&store).await, expected, "{option}");
        let plain = Postgres::connect(with(&server(), option)).await.unwrap();
        assert!(!is_encrypted(&plain).await, "{option}");
    }
}
