//! How a connection is made, and what is said where it can not be.

use timestamp_repo::{CloudEventSource, Nats, NatsError, NatsOptions, NatsStream};

use crate::server::Server;
use crate::setup::{STREAM, arrived, relay, save, store};

pub(crate) async fn refused(options: NatsOptions, url: &str) -> NatsError {
    let error = options.connect(url).await.expect_err("it was connected");
    let text = format!("{error} {error:?}");
    assert!(!text.contains("hunter2"), "{text}");
    error
}

#[tokio::test]
async fn what_can_not_be_is_refused_before_anything_is_connected() {
    for url in ["", "http://localhost", "ws://localhost", "nats://ada:hunter2@", "nats://localhost:port", "a b"] {
        let error = refused(Nats::options(), url).await;
        assert!(matches!(error, NatsError::Url { .. }), "{url}: {error:?}");
    }
    let error = refused(Nats::options().subject("events.{name}"), "localhost").await;
    assert_eq!(
        error.to_string(),
        "the subject `events.{name}` can not be used: `{name}` is none of `{type}`, `{id}` and `{kind}`"
    );
    let error = refused(Nats::options().credentials("hunter2"), "localhost").await;
    assert!(matches!(error, NatsError::Credentials { .. }), "{error:?}");
    for name in ["", "two words", "a.b", "a\nb: c"] {
        let error = refused(Nats::options().stream(name), "localhost").await;
        assert!(matches!(error, NatsError::Stream { .. }), "{name:?}: {error:?}");
    }
    let options = Nats::options().user_and_password("ada", "hunter2");
    assert!(!format!("{options:?}").contains("hunter2"));
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn server_that_is_not_there_is_named() {
    let server = Server::not_yet_started();
    let error = refused(Nats::options(), &server.url().replace("//", "//ada:hunter2@")).await;
    assert!(matches!(error, NatsError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().starts_with("NATS at `127.0.0.1:"), "{error}");
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn login_is_by_password_in_the_url_or_beside_it_or_by_token() {
    let server = Server::with("authorization { user: ada, password: \"hunter2/@\" }");
    let url = server.url();
    let error = refused(Nats::options(), &url).await;
    assert!(matches!(error, NatsError::Authentication { .. }), "{error:?}");
    let error = refused(Nats::options().user_and_password("ada", "hunter3"), &url).await;
    assert!(matches!(error, NatsError::Authentication { .. }), "{error:?}");
    Nats::options().user_and_password("ada", "hunter2/@").connect(&url).await.unwrap();
    Nats::connect(&url.replace("//", "//ada:hunter2%2F%40@")).await.unwrap();

    let server = Server::with("authorization { token: hunter2 }");
    Nats::options().token("hunter2").connect(&server.url()).await.unwrap();
    Nats::connect(&server.url().replace("//", "//hunter2@")).await.unwrap();
    let error = refused(Nats::options().token("hunter3"), &server.url()).await;
    assert!(matches!(error, NatsError::Authentication { .. }), "{error:?}");
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn one_of_several_servers_is_enough() {
    let (server, gone) = (Server::start(), Server::not_yet_started());
    Nats::connect(&format!("{},{}", gone.url(), server.url())).await.unwrap();
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn stream_that_can_not_be_created_is_named() {
    let server = Server::start();
    let error = refused(Nats::options().create_stream(NatsStream::new("not.a.name")), &server.url()).await;
    assert!(matches!(&error, NatsError::Stream { stream, .. } if stream == "not.a.name"), "{error:?}");
    Nats::options().create_stream(NatsStream::new(STREAM)).connect(&server.url()).await.unwrap();
    let error = refused(Nats::options().create_stream(NatsStream::new("SECOND")), &server.url()).await;
    assert!(error.to_string().contains("subjects overlap"), "{error}");
    let server = Server::with("");
    let error = refused(Nats::options().create_stream(NatsStream::new(STREAM)), &server.url()).await;
    assert!(matches!(error, NatsError::Stream { .. }), "{error:?}");
}

#[tokio::test]
#[ignore = "needs NATS; scripts/test starts one"]
async fn source_and_type_are_those_that_were_chosen() {
    let server = Server::start();
    let source = CloudEventSource::new("https://shop.example/tasks").unwrap().type_prefix("example.shop.").unwrap();
    let options = Nats::options().source(source).application_name("shop").create_stream(NatsStream::new(STREAM));
    let nats = options.connect(&server.url()).await.unwrap();
    let store = store().await;
    save(&store, "a", 1).await;
    relay(&store, &nats).deliver_all().await.unwrap();
    let arrived = arrived(&server).await;
    assert_eq!(arrived[0].header("ce-source"), "https://shop.example/tasks");
    assert_eq!(arrived[0].header("ce-type"), "example.shop.Task.created");
}
