// SPDX-License-Identifier: Apache-2.0
// packet_metrics.hpp - what a packet server counts, by the receiver it serves. Thread-safe.
#pragma once

#include "telemetry/metrics.hpp"

#include <string>

namespace narthex::net {

struct PacketMetrics {
  PacketMetrics(telemetry::Registry& registry, const std::string& receiver)
      : stream_bytes(registry.counter("narthex_ingest_received_bytes_total", kBytesHelp,
                                      {{"receiver", receiver}, {"transport", "tcp"}})),
        datagram_bytes(registry.counter("narthex_ingest_received_bytes_total", kBytesHelp,
                                        {{"receiver", receiver}, {"transport", "udp"}})),
        datagrams(registry.counter("narthex_ingest_datagrams_total", "Datagrams that were read.",
                                   {{"receiver", receiver}})),
        dropped_datagrams(registry.counter(
            "narthex_ingest_dropped_datagrams_total",
            "Datagrams that the kernel dropped, as they came faster than they were read.",
            {{"receiver", receiver}})),
        connections(registry.gauge("narthex_ingest_connections", "Open connections of senders.",
                                   {{"receiver", receiver}})),
        connections_total(registry.counter("narthex_ingest_connections_total",
                                           "Connections of senders that were accepted.",
                                           {{"receiver", receiver}})),
        refused_connections(registry.counter(
            "narthex_ingest_refused_connections_total",
            "Connections of senders that were closed at once, as too many were open.",
            {{"receiver", receiver}})),
        idle_connections(registry.counter("narthex_ingest_idle_connections_total",
                                          "Connections of senders that were closed as idle.",
                                          {{"receiver", receiver}})),
        overlong_lines(registry.counter("narthex_ingest_overlong_lines_total",
                                        "Lines that were dropped, as they were too long.",
                                        {{"receiver", receiver}})),
        cut_lines(registry.counter("narthex_ingest_cut_lines_total",
                                   "Lines that were dropped, as their connection broke in them.",
                                   {{"receiver", receiver}})) {}

  telemetry::Counter &stream_bytes, &datagram_bytes, &datagrams, &dropped_datagrams;
  telemetry::Gauge& connections;
  telemetry::Counter &connections_total, &refused_connections, &idle_connections;
  telemetry::Counter &overlong_lines, &cut_lines;

 private:
  static constexpr const char* kBytesHelp = "Bytes that sockets of a receiver were sent.";
};

}  // namespace narthex::net
