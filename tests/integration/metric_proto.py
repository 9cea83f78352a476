# SPDX-License-Identifier: Apache-2.0
"""Writes io.prometheus.client.MetricFamily messages, length-delimited, as exporters send them: enough of protobuf to
build any body a test wants, right or wrong."""
import struct

CONTENT_TYPE = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
COUNTER, GAUGE, SUMMARY, UNTYPED, HISTOGRAM, GAUGE_HISTOGRAM = range(6)


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number):
    return varint(number << 1 ^ number >> 63)


def field(number, payload):
    """A length-delimited field; text or bytes."""
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def integer(number, value):
    return varint(number << 3) + varint(value)


def signed(number, value):
    return varint(number << 3) + zigzag(value)


def double(number, value):
    return varint(number << 3 | 1) + struct.pack("<d", value)


def packed(number, parts):
    return field(number, b"".join(parts)) if parts else b""


def labels(number, pairs):
    return b"".join(field(number, field(1, name) + field(2, value)) for name, value in pairs)


def timestamp(number, ms):
    return field(number, integer(1, ms // 1000) + (integer(2, ms % 1000 * 1000000) if ms % 1000 else b""))


def exemplar(number, value, pairs, ms=None):
    return field(number, labels(1, pairs) + double(2, value) + (timestamp(3, ms) if ms is not None else b""))


def metric(pairs, kind, message, ms=None):
    """kind: the number of the field the message goes into."""
    return labels(1, pairs) + field(kind, message) + (integer(6, ms) if ms is not None else b"")


def counter(pairs, value, ms=None, created=None, extra=b""):
    return metric(pairs, 3, double(1, value) + extra + (timestamp(3, created) if created is not None else b""), ms)


def gauge(pairs, value, ms=None):
    return metric(pairs, 2, double(1, value), ms)


def untyped(pairs, value, ms=None):
    return metric(pairs, 5, double(1, value), ms)


def summary(pairs, count, total, quantiles, ms=None, created=None):
    body = integer(1, count) + double(2, total)
    body += b"".join(field(3, double(1, q) + double(2, v)) for q, v in quantiles)
    return metric(pairs, 4, body + (timestamp(4, created) if created is not None else b""), ms)


def bucket(bound, count, extra=b""):
    return field(3, integer(1, count) + double(2, bound) + extra)


def float_bucket(bound, count, extra=b""):
    return field(3, double(4, count) + double(2, bound) + extra)


def classic(count, total, buckets):
    return integer(1, count) + double(2, total) + b"".join(bucket(*b) for b in buckets)


def spans(number, pairs):
    return b"".join(field(number, signed(1, offset) + integer(2, length)) for offset, length in pairs)


def native(schema, threshold, zero, positive=((), ()), negative=((), ())):
    """Integer buckets: (spans, deltas) a side."""
    out = signed(5, schema) + double(6, threshold) + integer(7, zero)
    out += spans(9, negative[0]) + packed(10, [zigzag(d) for d in negative[1]])
    return out + spans(12, positive[0]) + packed(13, [zigzag(d) for d in positive[1]])


def native_float(schema, threshold, zero, positive=((), ()), negative=((), ())):
    """Float buckets: (spans, counts) a side."""
    out = signed(5, schema) + double(6, threshold) + double(8, zero)
    out += spans(9, negative[0]) + packed(11, [struct.pack("<d", c) for c in negative[1]])
    return out + spans(12, positive[0]) + packed(14, [struct.pack("<d", c) for c in positive[1]])


def histogram(pairs, message, ms=None, created=None):
    return metric(pairs, 7, message + (timestamp(15, created) if created is not None else b""), ms)


def family(name, kind, metrics, help_text="", unit="", extra=b""):
    body = field(1, name) + (field(2, help_text) if help_text else b"") + integer(3, kind)
    body += b"".join(field(4, m) for m in metrics) + (field(5, unit) if unit else b"") + extra
    return varint(len(body)) + body
