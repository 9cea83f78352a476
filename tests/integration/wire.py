# SPDX-License-Identifier: Apache-2.0
"""Remote write 1.0 bodies for the integration tests: protobuf and snappy (literals only) by hand."""
import struct


def varint(number):
    out = b""
    number &= (1 << 64) - 1
    while number >= 128:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def label(name, value):
    return field(1, field(1, name.encode()) + field(2, value.encode()))


def sample(value, t_ms):
    return field(2, varint(1 << 3 | 1) + struct.pack("<d", value) + varint(2 << 3) + varint(t_ms))


def series(labels, samples):
    return field(1, b"".join(label(*l) for l in sorted(labels.items())) + b"".join(sample(*s) for s in samples))


def snappy(raw):
    out = varint(len(raw))
    for begin in range(0, len(raw), 60):
        piece = raw[begin:begin + 60]
        out += bytes([(len(piece) - 1) << 2]) + piece
    return out


HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
           "X-Prometheus-Remote-Write-Version": "0.1.0"}
