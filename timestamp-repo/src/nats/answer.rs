//! What an answer of JetStream, or none, means for the event.

use async_nats::client::{RequestError, RequestErrorKind};
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::{Error, ErrorCode};

use super::Nats;
use crate::relay::SinkError;

/// An error that is no fault of the request.
const SERVER_AT_FAULT: usize = 500;

/// The stream that took the message is not the one that was named. The client knows no name for this code.
const STREAM_NOT_MATCH: ErrorCode = ErrorCode(10060);

/// `size`: how large the message is, at least.
pub(super) async fn judge(
    answer: Result<async_nats::Message, RequestError>,
    subject: &str,
    size: usize,
    nats: &Nats,
) -> Result<(), SinkError> {
    let message = match answer {
        Ok(message) => message,
        Err(error) => return Err(unanswered(&error, subject, nats)),
    };
    match serde_json::from_slice::<Response<PublishAck>>(&message.payload) {
        // One that the stream has already is as good as stored now.
        Ok(Response::Ok(PublishAck { .. })) => Ok(()),
        Ok(Response::Err { error }) if error.error_code() == ErrorCode::STREAM_STORE_FAILED => {
            match Box::pin(room(subject, nats)).await {
                Some(room) if room < size => Err(SinkError::unacceptable(format!(
                    "the message is larger than the whole stream that takes `{subject}`, which holds {room} bytes"
                ))),
                _ => Err(refused(&error, subject, nats)),
            }
        }
        Ok(Response::Err { error }) => Err(refused(&error, subject, nats)),
        Err(_) => Err(SinkError::unavailable(format!(
            "something that is not JetStream answers messages to `{subject}`: no other program may reply to them"
        ))),
    }
}

/// How many bytes the stream holds that takes this subject, where that is limited and can be known. A message that is
/// larger never fits, however long it waits, and the server calls that full, too.
async fn room(subject: &str, nats: &Nats) -> Option<usize> {
    let context = super::context(&nats.client, nats.publish_timeout);
    let name = context.stream_by_subject(subject).await.ok()?;
    let stream = context.get_stream(name).await.ok()?;
    usize::try_from(stream.cached_info().config.max_bytes).ok().filter(|bytes| *bytes > 0)
}

fn unanswered(error: &RequestError, subject: &str, nats: &Nats) -> SinkError {
    match error.kind() {
        RequestErrorKind::NoResponders => {
            if let Some(wanted) = &nats.wanted {
                wanted.is_missing();
            }
            let off = if nats.client.server_info().jetstream {
                ""
            } else {
                "; JetStream is off on this server, which `nats-server --jetstream` switches on"
            };
            let how = nats.how_to_create();
            SinkError::unavailable(format!("no stream takes the subject `{subject}`: {how}{off}"))
        }
        // Said by the client before it sends anything; the server would close the connection.
        RequestErrorKind::MaxPayloadExceeded => SinkError::unacceptable(format!(
            "the message is larger than the {} bytes that the server takes; its limit is `max_payload`",
            nats.client.max_payload()
        )),
        RequestErrorKind::InvalidSubject => SinkError::unacceptable(format!("`{subject}` is no subject")),
        RequestErrorKind::TimedOut | RequestErrorKind::Other => {
            SinkError::unavailable(format!("NATS at {} does not answer: {error}", nats.servers))
        }
    }
}

fn refused(error: &Error, subject: &str, nats: &Nats) -> SinkError {
    match error.error_code() {
        ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => {
            SinkError::unacceptable(format!("the stream takes no message as large as this one: {error}"))
        }
        ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM => {
            SinkError::unacceptable(format!("the message's headers are larger than JetStream takes: {error}"))
        }
        STREAM_NOT_MATCH => {
            let stream = nats.expected_stream.as_deref().unwrap_or_default();
            SinkError::unavailable(format!("a stream that is not `{stream}` takes the subject `{subject}`: {error}"))
        }
        // Nothing is wrong with the message, and nothing goes by before somebody has mended the stream.
        ErrorCode::STREAM_SEALED => {
            SinkError::unavailable(format!("the stream that takes `{subject}` is sealed: {error}"))
        }
        _ if error.code() >= SERVER_AT_FAULT => {
            SinkError::unavailable(format!("JetStream does not store the message: {error}"))
        }
        _ => SinkError::refused(format!("JetStream refuses the message: {error}")),
    }
}
