"""Reads messages as they came out of NATS with the package `cloudevents`, and finds in them what was sent.

    python3 cloudevents_reader.py FILE [FILE]

Each line of FILE is a message: its headers and its body, the same event in the structured mode, and what to find. The
package has no binding for NATS. The one for HTTP has the same rules for headers, but for one: there `datacontenttype` is
the header `Content-Type`.
"""

import json
import re
import sys
from datetime import timedelta

from cloudevents.core.bindings.http import HTTPMessage, from_binary_event, from_structured_event


def main(files):
    read = 0
    for file in files:
        sequences = {}
        with open(file, encoding="utf-8") as lines:
            for line in lines:
                check(json.loads(line), sequences)
                read += 1
    assert read > 0, "there was nothing to read"
    print(f"{read} messages were read and understood")


def check(line, sequences):
    headers = dict(line["headers"])
    assert len(headers) == len(line["headers"]), f"a header is there twice: {line}"
    for name, value in headers.items():
        assert re.fullmatch(r"[A-Za-z0-9-]+", name), name
        assert re.fullmatch(r"[\x21-\x7e]+", value), (name, value)
        if name.startswith("ce-"):
            assert re.fullmatch(r"ce-[a-z0-9]{1,20}", name), name
    assert headers["Nats-Msg-Id"] == headers["ce-id"]

    headers = {name: value for name, value in headers.items() if not name.startswith("Nats-")}
    headers["Content-Type"] = headers.pop("ce-datacontenttype")
    binary = from_binary_event(HTTPMessage(headers=headers, body=line["body"].encode()))
    structured = from_structured_event(
        HTTPMessage(headers={"Content-Type": "application/cloudevents+json"}, body=line["structured"].encode())
    )
    for event in (binary, structured):
        assert event.get_specversion() == "1.0"
        assert event.get_id() == line["id"]
        assert event.get_source() == "https://shop.example/tasks"
        assert event.get_datacontenttype() == "application/json"
        assert event.get_subject() == line["entity_id"], (event.get_subject(), line["entity_id"])
        assert event.get_extension("sequence") == f"{line['version']:020}"
        assert event.get_extension("partitionkey") == f"Task/{line['entity_id']}"
        assert line["correlation_id"], line
        assert event.get_extension("correlationid") == line["correlation_id"]
        assert event.get_extension("tenantid") == "acme"
        data = event.get_data()
        assert data == json.loads(line["body"])
        assert event.get_type() == f"example.shop.Task.{data['kind']}"
        assert data["version"] == line["version"]
        time = event.get_time()
        assert time.utcoffset() == timedelta(0)
        assert f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z" == data["at"]

    # Text sorts as the versions do.
    key, sequence = binary.get_extension("partitionkey"), binary.get_extension("sequence")
    assert sequences.get(key, "") < sequence
    sequences[key] = sequence


if __name__ == "__main__":
    main(sys.argv[1:])
