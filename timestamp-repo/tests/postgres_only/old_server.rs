//! A server of a version that is too old, as far as a client sees it.

use std::net::SocketAddr;

use timestamp_repo::{ConnectError, Postgres};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::database::assert_says;

/// Listens as a server that answers every question with one row, in which its version stands wherever a number may.
async fn server_of(version_number: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(answer(client, version_number));
        }
    });
    address
}

async fn answer(mut client: TcpStream, version_number: &str) -> std::io::Result<()> {
    let mut startup = vec![0; usize::try_from(client.read_u32().await?).unwrap() - 4];
    client.read_exact(&mut startup).await?;
    let welcome = [message(b'R', &0_u32.to_be_bytes()), message(b'Z', b"I")].concat();
    client.write_all(&welcome).await?;
    while client.read_u8().await? == b'Q' {
        let mut question = vec![0; usize::try_from(client.read_u32().await?).unwrap() - 4];
        client.read_exact(&mut question).await?;
        // More columns than anybody asks for.
        let columns = 20_u16;
        let (mut description, mut row) = (columns.to_be_bytes().to_vec(), columns.to_be_bytes().to_vec());
        for _ in 0..columns {
            // A name, and what says that it is text of no table.
            description.extend(b"it\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0");
            row.extend(u32::try_from(version_number.len()).unwrap().to_be_bytes());
            row.extend(version_number.bytes());
        }
        let answer =
            [message(b'T', &description), message(b'D', &row), message(b'C', b"SELECT 1\0"), message(b'Z', b"I")];
        client.write_all(&answer.concat()).await?;
    }
    Ok(())
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind], &length[..], body].concat()
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused_by_version() {
    for (version_number, version) in [("120022", 12), ("90624", 9)] {
        let url = format!("postgres://ada@{}/app?sslmode=disable", server_of(version_number).await);
        let error = Postgres::connect(&url).await.unwrap_err();
        assert!(
            matches!(error, ConnectError::TooOld { version: found, oldest: 13, .. } if found == version),
            "{error:?}"
        );
        assert_says(&error, &[&format!("PostgreSQL {version},"), "version 13 or later"]);
    }
    // The next one passes here, and is refused for its other answers.
    let url = format!("postgres://ada@{}/app?sslmode=disable", server_of("130000").await);
    let error = Postgres::connect(&url).await.unwrap_err();
    assert!(matches!(error, ConnectError::Pooler { .. }), "{error:?}");
}
