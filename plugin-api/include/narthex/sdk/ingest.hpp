// SPDX-License-Identifier: Apache-2.0
// ingest.hpp - receivers of pushes in C++: an adapter that makes the nx_ingest and
// nx_ingest_datagram tables of a class, and the appender of a request.
//
// The class T has, beside what component.hpp asks for, one or both of
//   static constexpr nx_route kRoutes[] = {{NX_STR("POST"), NX_STR("/api/v1/write"), 0, 0}};
//   Status handle(const nx_ingest_request&, sdk::IngestReply);   // [worker], concurrently
// for HTTP, where a Status of NX_PARTIAL carries the text that the sender gets with a 400, and
//   Status packets(std::span<const nx_bytes>, std::span<const nx_str> peers, nx_appender*);
//   Status flush(nx_appender*);                                  // optional; both [worker], serial
// for sockets of its own. A failure of packets() that may pass (NX_ERR_UNAVAILABLE) brings the same
// packets again.
#pragma once

#include <narthex/ingest.h>
#include <narthex/sdk/component.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace narthex::sdk {

// The answer to a request. Without a status of its own it follows from what handle() returned.
class IngestReply {
 public:
  explicit IngestReply(nx_ingest_reply* reply) noexcept : reply_(reply) {}
  void status(int code) const { reply_->status = code; }
  void header(std::string_view name, std::string_view value) const {
    reply_->header(reply_, to_nx(name), to_nx(value));
  }
  void body(std::string_view text) const { reply_->body(reply_, to_nx_bytes(text)); }

 private:
  nx_ingest_reply* reply_;
};

// The value of a parameter of the URL's query; empty when it is absent.
inline std::string_view query_of(const nx_ingest_request& request, std::string_view name) {
  for (const nx_kv& param : std::span(request.query_params, request.query_param_count)) {
    if (view(param.key) == name) return Value(&param.value).get<std::string_view>();
  }
  return {};
}

// The value of a header (name in lower case); empty when it is absent.
inline std::string_view header_of(const nx_ingest_request& request, std::string_view name) {
  for (const nx_kv& header : std::span(request.headers, request.header_count)) {
    if (view(header.key) == name) return Value(&header.value).get<std::string_view>();
  }
  return {};
}

// The appender of a request: the host commits or rolls back when handle() has returned.
class RequestAppender {
 public:
  RequestAppender(const nx_ext_append& service, nx_appender* appender) noexcept
      : service_(service), appender_(appender) {}

  Status resolve(const nx_series_table& table, std::uint64_t* refs, std::uint8_t* codes) const {
    ErrorSlot err;
    return err.status(service_.resolve(appender_, &table, refs, codes, &err));
  }
  // OK also when rows were refused: result tells.
  Status append(const nx_sample_batch& batch, nx_append_result& result) const {
    ErrorSlot err;
    return err.status(service_.append(appender_, &batch, &result, &err));
  }

 private:
  const nx_ext_append& service_;
  nx_appender* appender_;
};

namespace detail {

template <class T>
concept TakesRequests = requires {
  std::span(T::kRoutes);
};
template <class T>
concept TakesPackets = requires(T& t, std::span<const nx_bytes> packets,
                                std::span<const nx_str> peers, nx_appender* appender) {
  t.packets(packets, peers, appender);
};
template <class T>
concept Flushes = requires(T& t, nx_appender* appender) {
  t.flush(appender);
};

template <class T>
struct RequestTable {
  static const nx_ingest* get() {
    static const nx_ingest table = [] {
      nx_ingest i{};
      i.struct_size = sizeof i;
      i.routes = &routes;
      i.handle = &handle;
      return i;
    }();
    return &table;
  }
  static nx_status routes(void*, const nx_route** out, std::uint32_t* count, nx_error*) noexcept {
    *out = std::data(T::kRoutes);
    *count = static_cast<std::uint32_t>(std::size(T::kRoutes));
    return NX_OK;
  }
  static nx_status handle(void* instance, const nx_ingest_request* request, nx_ingest_reply* reply,
                          nx_error* err) noexcept {
    return guard(err, [&]() -> Status {
      return static_cast<T*>(instance)->handle(*request, IngestReply(reply));
    });
  }
};

template <class T>
struct PacketTable {
  static const nx_ingest_datagram* get() {
    static const nx_ingest_datagram table = [] {
      nx_ingest_datagram i{};
      i.struct_size = sizeof i;
      i.packets = &packets;
      if constexpr (Flushes<T>) i.flush = &flush;
      return i;
    }();
    return &table;
  }
  static nx_status packets(void* instance, const nx_bytes* packets, const nx_str* peers,
                           std::uint32_t count, nx_appender* appender, nx_error* err) noexcept {
    return guard(err, [&]() -> Status {
      return static_cast<T*>(instance)->packets({packets, count}, {peers, count}, appender);
    });
  }
  static nx_status flush(void* instance, nx_appender* appender, nx_error* err) noexcept {
    return guard(err, [&]() -> Status { return static_cast<T*>(instance)->flush(appender); });
  }
};

}  // namespace detail

template <class T>
struct Ingest {
  static_assert(detail::TakesRequests<T> || detail::TakesPackets<T>);
  static const nx_component* component() {
    static const std::vector<nx_interface> interfaces = [] {
      std::vector<nx_interface> list;
      if constexpr (detail::TakesRequests<T>) {
        list.push_back({NX_STR(NX_INGEST_ID), detail::RequestTable<T>::get()});
      }
      if constexpr (detail::TakesPackets<T>) {
        list.push_back({NX_STR(NX_INGEST_DATAGRAM_ID), detail::PacketTable<T>::get()});
      }
      return list;
    }();
    static const nx_component component = describe<T>(interfaces);
    return &component;
  }
};

}  // namespace narthex::sdk
